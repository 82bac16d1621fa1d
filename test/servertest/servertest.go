// Package servertest runs a whole authorization server in a test: the real
// server on the real engine, with users, and a browser to drive it.
package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/users"
)

// Password is the password of every user of a Server.
const Password = "correct horse battery"

// IntrospectionSecret is the secret of the introspection caller "api".
const IntrospectionSecret = "introspection-secret-value"

// Server is a running authorization server.
type Server struct {
	// URL is the issuer.
	URL     string
	Engine  *engine.Engine
	Handler *server.Server
	Config  *configv1alpha1.ServerConfig
	// Dir holds the files of the configuration.
	Dir string

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

// Options change a Server before it starts.
type Options struct {
	// Configure changes the configuration.
	Configure func(*configv1alpha1.ServerConfig)
	// Users are the users; alice, bob and carol if empty.
	Users []configv1alpha1.User
	// Storage is where the engine keeps its records; memory by default.
	Storage engine.Storage
	// Wire, if not nil, makes the server call the engine over HTTP.
	Wire *Wire
	// Ready, if not nil, says whether the backend is ready, instead of the backend itself.
	Ready func(context.Context) error
	// Backend replaces or wraps the engine as the server sees it.
	Backend func(authlete.Runtime) authlete.Runtime
}

// Start starts a server with the users alice, bob and carol unless the options name others; carol is disabled.
func Start(tb testing.TB, opts Options) *Server {
	tb.Helper()
	s := &Server{Dir: tb.TempDir(), now: time.Now().Truncate(time.Second)}
	listener := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + listener.Listener.Addr().String()
	s.writeFiles(tb, opts.Users)
	s.Config = s.configuration()
	if opts.Configure != nil {
		opts.Configure(s.Config)
	}
	configv1alpha1.Default(s.Config)
	if errs := configv1alpha1.Validate(s.Config); len(errs) > 0 {
		tb.Fatal(errs.ToAggregate())
	}
	log := slog.New(slog.NewJSONHandler(lockedWriter{s}, nil))
	people, err := users.Open(s.Config.Users.Directory, log)
	if err != nil {
		tb.Fatal(err)
	}
	var subjects engine.Subjects = people
	if opts.Wire != nil {
		subjects = nil // an engine on the other side of the wire knows nobody
	}
	s.Engine, err = engine.Open(tb.Context(), engine.Options{
		Storage: opts.Storage, KEK: bytes.Repeat([]byte{7}, 32), Service: server.Service(s.Config),
		SigningAlgorithm: string(s.Config.Backend.Embedded.Signing.Algorithm), Publish: 24 * time.Hour, Clock: s.Now, Rand: rand.Reader, Log: log,
		Subjects:       subjects,
		TicketLifetime: s.Config.Session.InteractionSeconds.Duration(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	var runtime authlete.Runtime = s.Engine
	ready := s.Engine.Ready
	if opts.Wire != nil {
		remote := s.connect(tb, opts.Wire, log)
		runtime, ready = remote, remote.Ready
	}
	if opts.Ready != nil {
		ready = opts.Ready
	}
	if opts.Backend != nil {
		runtime = opts.Backend(runtime)
	}
	s.Handler, err = server.New(server.Deps{Config: s.Config, Users: people, Backend: runtime, BackendReady: ready, Log: log, Clock: s.Now})
	if err != nil {
		tb.Fatal(err)
	}
	listener.Config.Handler = s.Handler.Public()
	listener.Start()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { s.Handler.Run(ctx) })
	tb.Cleanup(func() {
		listener.Close()
		cancel()
		group.Wait()
		if err := s.Engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Now is the server's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Turn turns the server's clock forward.
func (s *Server) Turn(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Log returns what the server has logged.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

type lockedWriter struct{ s *Server }

func (w lockedWriter) Write(data []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.log.Write(data)
}

func (s *Server) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *Server) configuration() *configv1alpha1.ServerConfig {
	return &configv1alpha1.ServerConfig{
		Issuer: s.URL,
		Backend: configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Embedded: &configv1alpha1.EmbeddedBackend{
			Storage: configv1alpha1.Storage{Type: configv1alpha1.StorageMemory}, KeyEncryptionKeyFile: s.path("kek"),
			Signing: configv1alpha1.Signing{Algorithm: configv1alpha1.SigningES256},
		}},
		Service: configv1alpha1.Service{Name: "Example Login"},
		Session: configv1alpha1.Session{KeyRingFile: s.path("keyring.json")},
		Users:   configv1alpha1.Users{Directory: s.path("users")},
		Introspection: configv1alpha1.Introspection{
			Callers: []configv1alpha1.IntrospectionCaller{{Name: "api", SecretFile: s.path("caller")}},
		},
	}
}

func (s *Server) writeFiles(tb testing.TB, users []configv1alpha1.User) {
	tb.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		tb.Fatal(err)
	}
	ring, err := json.Marshal(configv1alpha1.KeyRing{Keys: []configv1alpha1.SealKey{{ID: "k1", Key: key}}})
	if err != nil {
		tb.Fatal(err)
	}
	s.write(tb, "keyring.json", ring)
	s.write(tb, "kek", []byte(base64.StdEncoding.EncodeToString(key)))
	s.write(tb, "caller", []byte(IntrospectionSecret+"\n"))
	if err := os.Mkdir(s.path("users"), 0o755); err != nil {
		tb.Fatal(err)
	}
	if len(users) == 0 {
		users = []configv1alpha1.User{Alice(tb), Bob(tb), Carol(tb)}
	}
	s.SetUsers(tb, users...)
}

func (s *Server) write(tb testing.TB, name string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// SetUsers writes the user files. The server notices by itself.
func (s *Server) SetUsers(tb testing.TB, users ...configv1alpha1.User) {
	tb.Helper()
	list := configv1alpha1.UserList{Users: users}
	list.APIVersion, list.Kind = configv1alpha1.APIVersion, configv1alpha1.KindUserList
	data, err := json.Marshal(list)
	if err != nil {
		tb.Fatal(err)
	}
	temporary := s.path("users.tmp")
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(temporary, s.path("users/users-00.json")); err != nil {
		tb.Fatal(err)
	}
}

// Alice is the first user.
func Alice(tb testing.TB) configv1alpha1.User {
	tb.Helper()
	return user(tb, "1001", "alice", map[string]string{"name": `"Alice Adams"`, "given_name": `"Alice"`, "email": `"alice@example.com"`, "email_verified": `true`})
}

// Bob is the second user.
func Bob(tb testing.TB) configv1alpha1.User {
	tb.Helper()
	return user(tb, "1002", "bob", map[string]string{"name": `"Bob Brown"`})
}

// Carol is disabled.
func Carol(tb testing.TB) configv1alpha1.User {
	tb.Helper()
	carol := user(tb, "1003", "carol", nil)
	carol.Disabled = true
	return carol
}

func user(tb testing.TB, subject, username string, claims map[string]string) configv1alpha1.User {
	tb.Helper()
	u := configv1alpha1.User{Subject: subject, Username: username, PasswordHash: hash(tb), Claims: map[string]json.RawMessage{}}
	for name, value := range claims {
		u.Claims[name] = json.RawMessage(value)
	}
	return u
}

// hash returns the cheapest hash of Password that the server takes: tests log in thousands of times.
func hash(tb testing.TB) string {
	tb.Helper()
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		tb.Fatal(err)
	}
	const passes, memoryKiB, lanes, size = 1, 8, 1, 32
	key := argon2.IDKey([]byte(Password), salt, passes, memoryKiB, lanes, size)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes, encode(salt), encode(key))
}

// Client registers a client. Its secret is returned in ClientSecret.
func (s *Server) Client(tb testing.TB, change func(*authlete.Client)) *authlete.Client {
	tb.Helper()
	client := &authlete.Client{
		ClientIDAlias: "app", ClientName: "Example App", Description: "An application for tests", RedirectURIs: []string{"https://app.example.com/callback"},
		GrantTypes:    []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken, authlete.GrantClientCredentials},
		ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
	}
	if change != nil {
		change(client)
	}
	created, err := s.Engine.ClientCreate(tb.Context(), client)
	if err != nil {
		tb.Fatal(err)
	}
	return created
}
