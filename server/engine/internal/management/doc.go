// Package management is the management half of the embedded engine's API: the
// service settings, the clients, and the revocation of what a subject or client
// was granted. Its callers are operators, not applications; refusals are
// *authlete.Error values that name the field and the fix.
package management
