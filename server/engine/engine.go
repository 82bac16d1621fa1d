package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/authorize"
	"github.com/authserver-dev/operator/server/engine/internal/clientauth"
	"github.com/authserver-dev/operator/server/engine/internal/introspect"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/keys"
	"github.com/authserver-dev/operator/server/engine/internal/management"
	"github.com/authserver-dev/operator/server/engine/internal/metadata"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/revoke"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
	"github.com/authserver-dev/operator/server/engine/internal/store/sqlstore"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
	"github.com/authserver-dev/operator/server/engine/internal/token"
	"github.com/authserver-dev/operator/server/engine/internal/userinfo"
	"github.com/authserver-dev/operator/server/engine/outbound"
)

// Storage says where the engine keeps its records: in the named SQLite file, in the PostgreSQL database, or in memory
// when neither is set.
type Storage struct {
	SQLitePath string
	// PostgreSQL is a connection string; MaxConnections bounds the pool; TLS names files for TLS.
	PostgreSQL     string
	MaxConnections int
	TLS            TLSFiles
}

// TLSFiles name PEM files for connections to PostgreSQL.
type TLSFiles = sqlstore.TLSFiles

// Options configure an Engine.
type Options struct {
	Storage Storage
	// KEK is the key encryption key, 32 bytes. A store in memory may do without: what it holds ends with the process.
	KEK []byte
	// Service holds the declared settings; they replace those in the store.
	Service authlete.Service
	// SigningAlgorithm signs ID tokens of clients that name none: RS256 or ES256.
	SigningAlgorithm string
	// Rotation is the age at which signing keys give way, 0 for never; Publish how long a key is published before it
	// signs; a change of RotationRequest rotates once.
	Rotation, Publish time.Duration
	RotationRequest   string
	// TicketLifetime is how long the front end may take to decide about a request; 0 means an hour.
	TicketLifetime time.Duration
	Clock          func() time.Time
	Rand           io.Reader
	// Subjects knows the people who may use the server. Tokens of others are neither issued nor refreshed, and not active;
	// nothing is used up by asking for them. Nil means that the engine does not know: the front end decides.
	Subjects Subjects
	Log      *slog.Logger
}

// Subjects knows the people who may use the server.
type Subjects interface {
	// Known says whether a subject may use the server.
	Known(subject string) bool
}

// anybody takes every subject for one who may use the server.
type anybody struct{}

// Known implements Subjects.
func (anybody) Known(string) bool { return true }

// Engine answers the calls of the API.
type Engine struct {
	authlete.AuthorizationAPI
	authlete.TokenAPI
	authlete.RevocationAPI
	authlete.IntrospectionAPI
	authlete.UserInfoAPI
	*management.Manager

	opts     Options
	store    store.Store
	registry *registry.Registry
	ring     *keys.Ring
	metadata metadata.Cache
	tickets  *ticket.Tickets
	replica  string
	// cancel releases the context of the keys that are made in the background.
	cancel context.CancelFunc
}

// ticketLifetime is how long the front end may take to decide where the options do not say.
const ticketLifetime = time.Hour

// keysTimeout bounds the making of the first signing keys, the slowest store and machine included.
const keysTimeout = 2 * time.Minute

var (
	_ authlete.Runtime    = (*Engine)(nil)
	_ authlete.Management = (*Engine)(nil)
)

// Open opens the store and returns a working engine.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	st, err := openStore(ctx, opts.Storage)
	if err != nil {
		return nil, err
	}
	e, err := newEngine(ctx, opts, st)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return e, nil
}

// complete sets what may be left out.
func (o *Options) complete() error {
	if o.Subjects == nil {
		o.Subjects = anybody{}
	}
	if o.TicketLifetime == 0 {
		o.TicketLifetime = ticketLifetime
	}
	if len(o.KEK) > 0 || o.Storage.SQLitePath != "" || o.Storage.PostgreSQL != "" {
		return nil
	}
	o.KEK = make([]byte, keys.KEKSize)
	if _, err := io.ReadFull(o.Rand, o.KEK); err != nil {
		return fmt.Errorf("making a key encryption key: %w", err)
	}
	return nil
}

func openStore(ctx context.Context, storage Storage) (store.Store, error) {
	switch {
	case storage.SQLitePath != "":
		return sqlstore.OpenSQLite(ctx, storage.SQLitePath)
	case storage.PostgreSQL != "":
		return sqlstore.OpenPostgreSQL(ctx, sqlstore.PostgreSQL{
			Connection: storage.PostgreSQL, MaxConnections: storage.MaxConnections, TLS: storage.TLS,
		})
	default:
		return memory.New(), nil
	}
}

// newEngine puts the parts together.
func newEngine(ctx context.Context, opts Options, st store.Store) (*Engine, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	replica, err := replicaName()
	if err != nil {
		return nil, err
	}
	sealer, err := keys.NewSealer(opts.Rand, opts.KEK)
	if err != nil {
		return nil, fmt.Errorf("preparing encryption at rest: %w", err)
	}
	ticketSealer, err := keys.PurposeSealer(opts.Rand, "tickets", opts.KEK)
	if err != nil {
		return nil, fmt.Errorf("preparing tickets: %w", err)
	}
	e := &Engine{opts: opts, store: st, replica: replica, registry: registry.New(registry.Deps{Store: st, Sealer: sealer, Clock: opts.Clock})}
	e.tickets = ticket.New(ticket.Deps{Sealer: ticketSealer, Store: st, Clock: opts.Clock, Lifetime: opts.TicketLifetime})
	if err := e.registry.Load(ctx, &opts.Service); err != nil {
		return nil, fmt.Errorf("loading the service settings: %w", err)
	}
	algorithm := authlete.JWSAlg(opts.SigningAlgorithm)
	e.ring, err = keys.New(keys.Deps{
		Store: st, Sealer: sealer, Clock: opts.Clock, Policy: e.keyPolicy, Algorithms: algorithms(algorithm), Replica: replica, Log: opts.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing signing keys: %w", err)
	}
	// The caller's context bounds the start; missing keys are made in the background and may take longer.
	background, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
	e.cancel = cancel
	if err := e.ring.Start(background); err != nil {
		cancel()
		return nil, fmt.Errorf("loading signing keys: %w", err)
	}
	e.assemble(algorithm)
	return e, nil
}

// assemble builds the endpoints.
func (e *Engine) assemble(algorithm authlete.JWSAlg) {
	clock := e.opts.Clock
	minter := issue.NewMinter(issue.Deps{Signer: e.ring, Settings: e.registry, Clock: clock, Rand: e.opts.Rand, DefaultAlg: algorithm})
	clients := clientauth.New(clientauth.Deps{
		Registry: e.registry, Replays: e.store, Fetcher: outbound.New(outbound.Options{}), Clock: clock, Log: e.opts.Log,
	})
	hints := keys.HintVerifier{Ring: e.ring, Issuer: func() string { return e.registry.Service().Issuer }}
	e.AuthorizationAPI = authorize.New(authorize.Deps{
		Store: e.store, Tickets: e.tickets, Registry: e.registry, Minter: minter, Verifier: hints, Clock: clock,
	})
	e.TokenAPI = token.New(token.Deps{
		Clients: clients, Registry: e.registry, Store: e.store, Tickets: e.tickets, Minter: minter, Subjects: e.opts.Subjects, Clock: clock,
	})
	e.RevocationAPI = revoke.New(revoke.Deps{Clients: clients, Settings: e.registry, Store: e.store, Clock: clock})
	e.IntrospectionAPI = introspect.New(introspect.Deps{Store: e.store, Registry: e.registry, Subjects: e.opts.Subjects, Clock: clock})
	e.UserInfoAPI = userinfo.New(userinfo.Deps{Store: e.store, Registry: e.registry, Subjects: e.opts.Subjects, Clock: clock})
	e.Manager = management.New(management.Deps{Store: e.store, Registry: e.registry, Clock: clock, Rand: e.opts.Rand})
}

// keyPolicy is the policy of signing keys in force.
func (e *Engine) keyPolicy() keys.Policy {
	retain := time.Duration(e.registry.Service().IDTokenDuration) * time.Second
	return keys.Policy{Rotation: e.opts.Rotation, Publish: e.opts.Publish, Request: e.opts.RotationRequest, Retain: retain}
}

// replicaName tells this process from others on the same store.
func replicaName() (string, error) {
	var buf [8]byte
	if _, err := rand.Read(buf[:]); err != nil {
		return "", fmt.Errorf("naming the replica: %w", err)
	}
	return hex.EncodeToString(buf[:]), nil
}

// Ready says why the engine cannot serve, or nil.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.ring.Ready(); err != nil {
		return err
	}
	return e.store.Ping(ctx)
}

// Close ends background work and releases the store.
func (e *Engine) Close() error {
	e.cancel() // the making of keys would otherwise be waited for, with a store that does not answer for minutes
	e.ring.Wait()
	return e.store.Close()
}

// algorithms are those that have a key from the start: clients may choose any of them. The default comes first.
func algorithms(first authlete.JWSAlg) []authlete.JWSAlg {
	all := []authlete.JWSAlg{first}
	for _, algorithm := range keys.Algorithms() {
		if algorithm != first {
			all = append(all, algorithm)
		}
	}
	return all
}
