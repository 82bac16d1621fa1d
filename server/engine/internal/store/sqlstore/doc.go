// Package sqlstore keeps the engine's records in a SQL database: SQLite for one
// server, PostgreSQL for any number. One set of statements serves both; a
// dialect holds what differs.
//
// A verb that consumes something does so with a conditional UPDATE whose count
// of rows decides, inside the transaction that stores what comes of it.
//
// SQLite runs in WAL mode with synchronous=NORMAL: a power failure may lose the
// last commits, never the database.
package sqlstore
