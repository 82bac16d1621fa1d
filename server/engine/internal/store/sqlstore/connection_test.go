package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/test/postgrestest"
)

// secret stands for every part of a connection string that may hold a piece of a password.
const secret = "hunter2"

// connectionStrings are connection strings that do not lead to a database, with what their error says.
func connectionStrings(server *postgrestest.Server, folder string) map[string][2]string {
	here := fmt.Sprintf("%s:%d", server.Host, server.Port)
	hidden := filepath.Join(folder, secret+".pem")
	unreachable := "127.0.0.1:1"
	return map[string][2]string{
		"empty":                    {" \n", "empty"},
		"JDBC":                     {"jdbc:postgresql://db/app?user=u&password=hunter2", "JDBC"},
		"JDBC in capitals":         {"JDBC:POSTGRESQL://db/app?user=u&password=hunter2", "JDBC"},
		"scheme of another client": {"postgresql+asyncpg://user:hunter2@db/app", "another scheme"},
		"scheme of another server": {"mysql://user:hunter2@db/app", "another scheme"},
		"bad port":                 {"postgres://user:hunter2@:hunter2:port/db", "percent-encoded"},
		"unescaped slash":          {"postgres://user:hunter2/hunter2@127.0.0.1/db", "percent-encoded"},
		"unescaped percent":        {"postgres://user:hunter2%zzhunter2@127.0.0.1/db", "percent-encoded"},
		"unescaped question mark":  {"postgres://user:x?hunter2@127.0.0.1:1/db", ""},
		"unescaped hash":           {"postgres://user:hunter2#hunter2@127.0.0.1:1/db", ""},
		"unescaped at":             {"postgres://user:pass@hunter2.invalid@" + unreachable + "/db", ""},
		"password before the host": {"postgres://hunter2.invalid:5432/db?connect_timeout=5", "no such host"},
		"encoded host":             {"postgres://user:p@%68unter2.invalid/db?connect_timeout=5", "no such host"},
		"password as the socket":   {"host=/hunter2 user=u dbname=d", "no socket"},
		"neither form":             {"hunter2hunter2", "key=value"},
		"unclosed quote":           {"host=127.0.0.1 password='hunter2", "key=value"},
		"password with a space":    {"host=" + server.Host + fmt.Sprintf(" port=%d", server.Port) + " user=postgres sslmode=disable password=my hunter2=x", ""},
		"password in pieces":       {"host=127.0.0.1 password=my hunter2-word=x", "key=value"},
		"bad sslmode":              {"postgres://user:hunter2@127.0.0.1/db?sslmode=hunter2", "key=value"},
		"bad timeout":              {"postgres://user:hunter2@127.0.0.1/db?connect_timeout=hunter2", "key=value"},
		"bad pool option":          {"postgres://user:hunter2@127.0.0.1/db?pool_max_conns=hunter2", "key=value"},
		"missing authority":        {"postgres://user:hunter2@127.0.0.1/db?sslmode=verify-full&sslrootcert=" + hidden, "no such file"},
		"missing certificate":      {"host=127.0.0.1 password=hunter2 sslmode=require sslcert=" + hidden + " sslkey=" + hidden, "no such file"},
		"unknown service":          {"service=hunter2", "key=value"},
		"no server":                {"postgres://hunter2:hunter2@" + unreachable + "/hunter2", "connection refused"},
		"several hosts":            {"postgres://hunter2:hunter2@" + unreachable + ",127.0.0.1:2,hunter2.invalid:3/hunter2", "no such host; connection refused"},
		"several hosts in a list":  {"host=127.0.0.1,hunter2.invalid port=1,2 password=hunter2", "no such host; connection refused"},
		"wrong password":           {"postgres://postgres:hunter2@" + here + "/postgres?sslmode=disable", "refuses the password"},
		"encoded wrong password":   {"postgres://postgres:%68unter2@" + here + "/postgres?sslmode=disable", "refuses the password"},
		"wrong user":               {"postgres://hunter2:x@" + here + "/postgres?sslmode=disable", "28P01"},
		"unknown database":         {strings.Replace(server.AdminURL(), "/postgres?", "/hunter2?", 1), "does not exist"},
		"unknown parameter":        {server.AdminURL() + "&hunter2=x", "does not know a parameter"},
		"bad value of a parameter": {server.AdminURL() + "&statement_timeout=hunter2", "value of a parameter"},
		"TLS that is not there":    {strings.Replace(server.AdminURL(), "sslmode=disable", "sslmode=require", 1), "does not offer TLS"},
	}
}

// TestConnectionStringStaysSecret: whatever is wrong with a connection string, and whatever the password was taken for, the
// error says why, and shows no part of it.
func TestConnectionStringStaysSecret(t *testing.T) {
	for name, c := range connectionStrings(postgres.Server(t), t.TempDir()) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := openConnection(ctx, c[0], 1)
			if err == nil {
				t.Fatal("opening succeeded")
			}
			if !strings.Contains(err.Error(), c[1]) {
				t.Errorf("%q does not say %q", err, c[1])
			}
			wantNoPart(t, err, c[0])
		})
	}
}

// wantNoPart checks that neither an error nor what it wraps shows the secret or a name from the connection string.
func wantNoPart(t *testing.T, err error, connection string) {
	t.Helper()
	parts := []string{secret, postgrestest.Password, "127.0.0.1", connection}
	for _, e := range append([]error{err}, wrapped(err)...) {
		for _, part := range parts {
			if strings.TrimSpace(part) != "" && strings.Contains(fmt.Sprintf("%v %+v", e, e), part) {
				t.Errorf("%q shows %q", e, part)
			}
		}
	}
}

// wrapped returns all errors that an error wraps.
func wrapped(err error) []error {
	var all []error
	if w, ok := err.(interface{ Unwrap() []error }); ok {
		all = w.Unwrap()
	} else if inner := errors.Unwrap(err); inner != nil {
		all = []error{inner}
	}
	for _, inner := range all {
		all = append(all, wrapped(inner)...)
	}
	return all
}

// FuzzConnectionString puts a secret at any place of any text.
func FuzzConnectionString(f *testing.F) {
	f.Add("postgres://user:", "@127.0.0.1:1/db?sslmode=disable")
	f.Add("host=127.0.0.1 port=1 password=", " user=x")
	f.Add("jdbc:postgresql://", "")
	f.Add("", "://")
	f.Add("host=/", "")
	f.Fuzz(func(t *testing.T, before, after string) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody is asked
		st, err := openConnection(ctx, before+secret+after, 1)
		if err == nil {
			closeStore(t, st)
			t.Fatal("opening succeeded")
		}
		for _, e := range append([]error{err}, wrapped(err)...) {
			if strings.Contains(e.Error(), secret) {
				t.Errorf("%q shows the secret", e)
			}
		}
	})
}

// tlsWorld is a server with a private authority that demands client certificates.
type tlsWorld struct {
	url    string
	folder string
	certs  *postgrestest.Certificates
}

func newTLSWorld(t *testing.T) *tlsWorld {
	t.Helper()
	certs := postgrestest.NewCertificates(t, "localhost")
	server := postgrestest.StartWith(t, postgrestest.Options{TLS: certs})
	server.Administer(t, "CREATE ROLE app LOGIN")
	database, err := url.Parse(server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	server.Administer(t, "ALTER DATABASE "+database.Path[1:]+" OWNER TO app")
	w := &tlsWorld{
		url:    fmt.Sprintf("postgres://app@localhost:%d%s", server.Port, database.Path),
		folder: t.TempDir(), certs: certs,
	}
	cert, key := certs.Client(t, "app")
	w.write(t, "ca.pem", certs.CA)
	w.write(t, "tls.crt", cert)
	w.write(t, "tls.key", key)
	w.write(t, "other.pem", postgrestest.NewCertificates(t, "localhost").CA)
	return w
}

func (w *tlsWorld) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// files names files of the folder; an empty name is no file.
func (w *tlsWorld) files(ca, cert, key string) sqlstore.TLSFiles {
	path := func(name string) string {
		if name == "" {
			return ""
		}
		return filepath.Join(w.folder, name)
	}
	return sqlstore.TLSFiles{CAFile: path(ca), CertFile: path(cert), KeyFile: path(key)}
}

// TestPostgreSQLTLS connects to a server with a private authority that demands client certificates.
func TestPostgreSQLTLS(t *testing.T) {
	w := newTLSWorld(t)
	byAddress := strings.Replace(w.url, "localhost", "127.0.0.1", 1)
	all := w.files("ca.pem", "tls.crt", "tls.key")
	for name, c := range map[string]struct {
		connection string
		files      sqlstore.TLSFiles
		says       string // empty for success
	}{
		"all":                           {w.url, all, ""},
		"verify-full":                   {w.url + "?sslmode=verify-full", all, ""},
		"require":                       {w.url + "?sslmode=require", all, ""},
		"a host not in the certificate": {byAddress, all, "another host name"},
		"require checks the host":       {byAddress + "?sslmode=require", all, "another host name"},
		"verify-ca takes any host":      {byAddress + "?sslmode=verify-ca", all, ""},
		"another authority":             {w.url, w.files("other.pem", "tls.crt", "tls.key"), "unknown authority"},
		"verify-ca, another authority":  {byAddress + "?sslmode=verify-ca", w.files("other.pem", "tls.crt", "tls.key"), "unknown authority"},
		"no client certificate":         {w.url, w.files("ca.pem", "", ""), "28000"},
		"no authority":                  {w.url + "?sslmode=verify-full", w.files("", "tls.crt", "tls.key"), "unknown authority"},
		"client certificate, no check":  {w.url + "?sslmode=require", w.files("", "tls.crt", "tls.key"), ""},
		"without TLS":                   {w.url + "?sslmode=disable", all, "sslmode=disable"},
		"no file":                       {w.url, w.files("missing.pem", "", ""), "missing.pem"},
		"no certificate in the file":    {w.url, w.files("tls.key", "", ""), "no PEM certificate"},
		"crossed":                       {w.url, w.files("ca.pem", "tls.key", "tls.crt"), "client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := sqlstore.OpenPostgreSQL(t.Context(), sqlstore.PostgreSQL{Connection: c.connection, MaxConnections: 2, TLS: c.files})
			if err == nil {
				closeStore(t, st)
			}
			if (c.says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("opening: %v, want an error with %q", err, c.says)
			}
		})
	}
}

// TestPostgreSQLCertificatesAreReplaced: a certificate that is renewed serves for the next connection.
func TestPostgreSQLCertificatesAreReplaced(t *testing.T) {
	w := newTLSWorld(t)
	gate := newGate(t, w.url)
	through := strings.Replace(gate.url, "127.0.0.1", "localhost", 1)
	opts := sqlstore.PostgreSQL{Connection: through, MaxConnections: 2, TLS: w.files("ca.pem", "tls.crt", "tls.key")}
	st, err := sqlstore.OpenPostgreSQL(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, st)
	cert, key := w.certs.Client(t, "somebody-else")
	w.write(t, "tls.crt", cert)
	w.write(t, "tls.key", key)
	gate.cut()
	var failure error
	for range 3 { // the first attempts may only find that the connections are gone
		failure = errors.Join(failure, st.Ping(t.Context()))
	}
	if failure == nil || !strings.Contains(failure.Error(), "28000") {
		t.Errorf("the old certificate is still in use: %v", failure)
	}
	cert, key = w.certs.Client(t, "app")
	w.write(t, "tls.crt", cert)
	w.write(t, "tls.key", key)
	if err := st.Ping(t.Context()); err != nil {
		t.Errorf("Ping with the renewed certificate: %v", err)
	}
}
