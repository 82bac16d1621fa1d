// Package fieldusage finds out which fields of structures the production code
// of some packages reads and sets, from the types that the compiler sees. Tests
// use it to show that what is decoded is used, and that what could be sent is
// sent.
//
// It knows no structure and no package of this project.
package fieldusage
