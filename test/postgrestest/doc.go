// Package postgrestest starts a real PostgreSQL server for tests and gives each
// test a database of its own.
//
// It runs the newest PostgreSQL that Debian's package postgresql installed, on a
// temporary directory, as the user postgres where the tests run as root. It
// knows nothing of what is tested. Standbys, PgBouncer and TLS come with it for tests of
// what stands before a database. Two environment variables change what it does:
//
//	TEST_POSTGRES_URL                an administrator's postgres:// URL of a server to use instead
//	AUTHSERVER_TEST_SKIP_POSTGRES=1  skip the tests where PostgreSQL is not installed, instead of failing
package postgrestest
