// Package interaction decides what is still needed from a person before a request
// is granted: a list of pure checks over the interaction, the login session and the
// time, whose first finding is the next step.
//
// The same list is asked when a page is drawn, when its form comes back, and when
// nobody may be asked (prompt=none). An interaction travels in the page's form,
// sealed, and says what the page showed: a decision counts for the person whom the
// page was for, and for what it showed.
//
// It knows no HTTP, no pages and no backend.
package interaction
