// Package sqlstore keeps the engine's records in a SQL database: SQLite for one
// server, PostgreSQL for any number. One set of statements serves both; a
// dialect holds what differs in their text, a database how they are run.
//
// A verb is a change: steps that take effect together. A step may have to change
// a row, and if it does not, nothing of the change happens. That is how a code,
// a refresh token or a version is consumed by exactly one of any number of
// callers. Verbs that touch a grant's codes or refresh tokens change the grant's
// row first, so that they wait for each other there and nowhere else.
//
// SQLite has one writer, which commits the changes that wait for it together, so
// that synchronous=FULL costs little: a change that was answered survives a loss
// of power, and a consumed code stays consumed. PostgreSQL gets the steps of a
// change in as few round trips as its outcome allows.
//
// The tables are the server's alone: give it a database or a schema of its own.
package sqlstore
