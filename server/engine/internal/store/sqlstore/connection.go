package sqlstore

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectTimeout bounds the first contact with a server, and each further connection.
	connectTimeout = 10 * time.Second
	// pingTimeout bounds the question whether a connection that was idle for trustedIdleTime still works.
	pingTimeout     = 2 * time.Second
	trustedIdleTime = time.Second
	// closeTimeout bounds the end of a connection.
	closeTimeout = time.Second
	// idleTime is how long a connection that nobody needs stays open.
	idleTime = 5 * time.Minute
)

// Reasons why a connection string is refused. None shows a part of it: in a malformed string, any part may be a piece of the
// password.
var (
	errNoConnection = errors.New("it is empty")
	errJDBC         = errors.New("it is a JDBC URL: write it as postgres://user:password@host:port/database")
	errOtherScheme  = errors.New("it is a URL of another scheme: write it as postgres://user:password@host:port/database")
	errMalformed    = errors.New("it is neither a postgres:// URL nor a list of key=value pairs with valid values; its text is not " +
		"shown, as it may hold a password (special characters in a URL's password must be percent-encoded, values with spaces " +
		"in a list must be in single quotes)")
)

// poolConfig reads the connection string.
func poolConfig(opts PostgreSQL) (*pgxpool.Config, error) {
	connection := strings.TrimSpace(opts.Connection)
	if err := checkForm(connection); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(connection)
	if err != nil {
		return nil, malformed(err)
	}
	for name := range config.ConnConfig.RuntimeParams {
		if !parameterName().MatchString(name) {
			return nil, errMalformed // a piece of a value that was read as a name
		}
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	// Whatever the role or the database has as its default: requests hold any text.
	config.ConnConfig.RuntimeParams["client_encoding"] = "UTF8"
	config.MaxConns = int32(max(1, opts.MaxConnections))
	config.MaxConnIdleTime, config.PingTimeout = idleTime, pingTimeout
	return config, checkTLS(config.ConnConfig, opts.TLS)
}

// parameterName matches names of run-time parameters.
func parameterName() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$.]{0,62}$`) }

// checkForm refuses what the parser would take for something else: it reads everything without a postgres:// in front as a
// list of key=value pairs.
func checkForm(connection string) error {
	scheme, _, isURL := strings.Cut(connection, "://")
	switch {
	case connection == "":
		return errNoConnection
	case len(connection) >= 5 && strings.EqualFold(connection[:5], "jdbc:"):
		return errJDBC
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return nil
	case isURL && regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`).MatchString(scheme):
		return errOtherScheme
	default:
		return nil
	}
}

// malformed says why the parser refused a connection string, in words that hold no part of it.
func malformed(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return errors.Join(errors.New("reading a file that it names (sslrootcert, sslcert or sslkey)"), file.Err)
	}
	return errMalformed
}
