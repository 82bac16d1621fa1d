package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// maxSteps bounds a program, so that a fuzzer's inputs stay quick.
const maxSteps = 400

// Compare runs a program on two empty stores and fails at the first step whose results differ. Each step takes three bytes
// of the program: the verb and its two arguments, chosen among few things so that steps meet.
func Compare(t *testing.T, program []byte, a, b store.Store) {
	t.Helper()
	m, n := &machine{st: a}, &machine{st: b}
	for step := 0; len(program) >= 3 && step < maxSteps; step++ {
		in := instruction{verb: program[0], x: program[1], y: program[2]}
		program = program[3:]
		got, want := m.run(t.Context(), in), n.run(t.Context(), in)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("step %d, %s: the stores differ (-%T +%T):\n%s", step, got.Verb, b, a, diff)
		}
	}
}

// instruction is one step of a program.
type instruction struct {
	verb, x, y byte
}

// outcome is what a step came to.
type outcome struct {
	Verb   string
	Result any
	Error  string
}

// machine runs instructions on a store. It counts what it issues, so that two machines with one program name things alike.
type machine struct {
	st     store.Store
	issued int
	clock  time.Duration
}

func (m *machine) now() time.Time { return time.UnixMilli(1_800_000_000_000).UTC().Add(m.clock) }

func (m *machine) run(ctx context.Context, in instruction) outcome {
	verbs := [...]struct {
		name string
		run  func(context.Context, instruction) (any, error)
	}{
		{"wait", m.wait},
		{"IssueCode", m.issueCode},
		{"IssueTokens", m.issueTokens},
		{"FindCode", m.findCode},
		{"RedeemCode", m.redeemCode},
		{"RedeemCode", m.redeemCode},
		{"FindRefresh", m.findRefresh},
		{"RotateRefresh", m.rotateRefresh},
		{"RotateRefresh", m.rotateRefresh},
		{"FindAccess", m.findAccess},
		{"RevokeAccess", m.revokeAccess},
		{"RevokeGrant", m.revokeGrant},
		{"RevokeGrants", m.revokeGrants},
		{"FindGrant", m.findGrant},
		{"CreateClient", m.createClient},
		{"UpdateClient", m.updateClient},
		{"FindClient", m.findClient},
		{"ListClients", m.listClients},
		{"DeleteClient", m.deleteClient},
		{"PutSettings", m.putSettings},
		{"CreateKey", m.createKey},
		{"ActivateKey", m.activateKey},
		{"ListKeys", m.listKeys},
		{"DeleteKey", m.deleteKey},
		{"RememberID", m.rememberID},
		{"AcquireLease", m.acquireLease},
		{"Sweep", m.sweep},
	}
	verb := verbs[int(in.verb)%len(verbs)]
	result, err := verb.run(ctx, in)
	return outcome{Verb: verb.name, Result: result, Error: class(err)}
}

// class says which of the contract's errors err is.
func class(err error) string {
	for _, known := range []error{store.ErrNotFound, store.ErrConflict, store.ErrReplayed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "other"
	}
	return ""
}

// recent names one of the last things that were issued.
func (m *machine) recent(x byte) string { return fmt.Sprint(max(0, m.issued-1-int(x%8))) }

func (m *machine) fresh() string {
	m.issued++
	return fmt.Sprint(m.issued - 1)
}

func (m *machine) after(y byte) time.Time { return m.now().Add(time.Duration(y) * time.Minute) }

func clientOf(y byte) int64 { return int64(y%3) + 1 }

func subjectOf(y byte) string { return [...]string{"alice", "bob", ""}[y/3%3] }

func (m *machine) wait(_ context.Context, in instruction) (any, error) {
	m.clock += time.Duration(in.x) * 20 * time.Second
	return nil, nil
}

func (m *machine) grant(id string, in instruction) store.Grant {
	return store.Grant{
		ID: "grant" + id, ClientID: clientOf(in.y), Subject: subjectOf(in.y), Scopes: []string{"openid"}, Details: []byte{in.y},
		CreatedAt: m.now(), ExpiresAt: m.after(in.x % 20),
	}
}

// tokens makes tokens of a grant, named like the last thing that was issued.
func (m *machine) tokens(id, grantID string, in instruction) store.Tokens {
	var tokens store.Tokens
	if in.y%5 != 0 {
		tokens.Access = &store.AccessToken{
			Hash: store.HashOf("access" + id), GrantID: grantID, GrantType: "x", ClientID: clientOf(in.y), Subject: subjectOf(in.y),
			Scopes: []string{"a", "b"}[:in.x%3%2], IssuedAt: m.now(), ExpiresAt: m.after(in.x % 30),
		}
	}
	if in.y%7 != 0 && grantID != "" {
		tokens.Refresh = &store.RefreshToken{
			Hash: store.HashOf("refresh" + id), GrantID: grantID, ClientID: clientOf(in.y), Scopes: []string{"openid"}, Generation: int64(in.x),
			CreatedAt: m.now(), ExpiresAt: m.after(in.x),
		}
	}
	return tokens
}

func (m *machine) issueCode(ctx context.Context, in instruction) (any, error) {
	id := m.fresh()
	grant := m.grant(id, in)
	code := store.Code{
		Hash: store.HashOf("code" + id), GrantID: grant.ID, ClientID: grant.ClientID, Request: []byte{in.x}, ExpiresAt: grant.ExpiresAt,
	}
	var tokens store.Tokens
	if in.x%2 == 0 {
		tokens.Access = m.tokens(id, grant.ID, instruction{x: in.x, y: 1}).Access
	}
	return nil, m.st.IssueCode(ctx, grant, code, tokens)
}

func (m *machine) issueTokens(ctx context.Context, in instruction) (any, error) {
	id := m.fresh()
	switch in.x % 4 {
	case 0:
		return nil, m.st.IssueTokens(ctx, nil, m.tokens(id, "", in))
	case 2:
		return nil, m.st.IssueTokens(ctx, nil, m.tokens(id, "grant"+m.recent(in.y), in))
	case 1:
		return nil, m.st.IssueTokens(ctx, nil, store.Tokens{Access: m.tokens(id, "grant"+m.recent(in.y), in).Access})
	default:
		grant := m.grant(id, in)
		return nil, m.st.IssueTokens(ctx, &grant, m.tokens(id, grant.ID, in))
	}
}

func (m *machine) findCode(ctx context.Context, in instruction) (any, error) {
	code, grant, err := m.st.FindCode(ctx, store.HashOf("code"+m.recent(in.x)))
	return []any{code, grant}, err
}

func (m *machine) redeemCode(ctx context.Context, in instruction) (any, error) {
	of := m.recent(in.x)
	id := m.fresh()
	return nil, m.st.RedeemCode(ctx, store.HashOf("code"+of), m.now(), m.tokens(id, "grant"+of, in))
}

func (m *machine) findRefresh(ctx context.Context, in instruction) (any, error) {
	token, grant, err := m.st.FindRefresh(ctx, store.HashOf("refresh"+m.recent(in.x)))
	return []any{token, grant}, err
}

// rotateRefresh rotates with the successor in the grant of the token, as callers do.
func (m *machine) rotateRefresh(ctx context.Context, in instruction) (any, error) {
	hash := store.HashOf("refresh" + m.recent(in.x))
	old, _, err := m.st.FindRefresh(ctx, hash)
	if err != nil {
		old.GrantID = "unknown"
	}
	return old, m.st.RotateRefresh(ctx, store.Rotation{
		Hash: hash, Now: m.now(), Leeway: time.Duration(in.y%3) * time.Minute, Successor: []byte{in.y},
		Tokens: m.tokens(m.fresh(), old.GrantID, in),
	})
}

func (m *machine) findAccess(ctx context.Context, in instruction) (any, error) {
	return m.st.FindAccess(ctx, store.HashOf("access"+m.recent(in.x)))
}

func (m *machine) revokeAccess(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.RevokeAccess(ctx, store.HashOf("access"+m.recent(in.x)), m.now())
}

func (m *machine) revokeGrant(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.RevokeGrant(ctx, "grant"+m.recent(in.x), m.now())
}

func (m *machine) revokeGrants(ctx context.Context, in instruction) (any, error) {
	clientID := clientOf(in.x)
	if in.x >= 128 {
		clientID = 0
	}
	return m.st.RevokeGrants(ctx, clientID, subjectOf(in.y), m.now())
}

func (m *machine) findGrant(ctx context.Context, in instruction) (any, error) {
	return m.st.FindGrant(ctx, "grant"+m.recent(in.x))
}

func aliasOf(y byte) string { return [...]string{"", "one", "two"}[y%3] }

func (m *machine) createClient(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.CreateClient(ctx, store.Client{
		ID: clientOf(in.x), Alias: aliasOf(in.y), Doc: []byte{in.x}, SecretSealed: []byte{in.y}, CreatedAt: m.now(), ModifiedAt: m.now(),
	})
}

func (m *machine) updateClient(ctx context.Context, in instruction) (any, error) {
	client := store.Client{ID: clientOf(in.x), Alias: aliasOf(in.y), Doc: []byte{in.y}, Version: int64(in.x / 3 % 4), ModifiedAt: m.now()}
	return nil, m.st.UpdateClient(ctx, client)
}

func (m *machine) findClient(ctx context.Context, in instruction) (any, error) {
	if in.y%2 == 0 {
		return m.st.FindClient(ctx, clientOf(in.x))
	}
	return m.st.FindClientByAlias(ctx, aliasOf(in.x))
}

func (m *machine) listClients(ctx context.Context, in instruction) (any, error) {
	clients, total, err := m.st.ListClients(ctx, int(in.x%5)-1, int(in.y%5))
	return []any{clients, total}, err
}

func (m *machine) deleteClient(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.DeleteClient(ctx, clientOf(in.x))
}

func (m *machine) putSettings(ctx context.Context, in instruction) (any, error) {
	err := m.st.PutSettings(ctx, store.Document{Doc: []byte{in.x}, Version: int64(in.y % 4)})
	doc, findErr := m.st.FindSettings(ctx)
	return doc, errors.Join(err, findErr)
}

func (m *machine) createKey(ctx context.Context, in instruction) (any, error) {
	state := [...]store.KeyState{store.KeyPending, store.KeyActive, store.KeyPending}[in.y%3]
	alg := [...]string{"ES256", "RS256"}[in.y/3%2]
	return nil, m.st.CreateKey(ctx, store.Key{
		KID: fmt.Sprint(in.x % 6), Alg: alg, State: state, Public: []byte("{}"), PrivateSealed: []byte{in.x}, CreatedAt: m.now(),
	})
}

func (m *machine) activateKey(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.ActivateKey(ctx, fmt.Sprint(in.x%6), m.now())
}

func (m *machine) listKeys(ctx context.Context, _ instruction) (any, error) {
	return m.st.ListKeys(ctx)
}

func (m *machine) deleteKey(ctx context.Context, in instruction) (any, error) {
	return nil, m.st.DeleteKey(ctx, fmt.Sprint(in.x%6))
}

func (m *machine) rememberID(ctx context.Context, in instruction) (any, error) {
	return m.st.RememberID(ctx, store.HashOf(fmt.Sprint(in.x%6)), m.after(in.y%20))
}

func (m *machine) acquireLease(ctx context.Context, in instruction) (any, error) {
	lease := store.Lease{Name: fmt.Sprint(in.x % 2), Holder: fmt.Sprint(in.x / 2 % 3), Now: m.now(), Until: m.after(in.y % 10)}
	return m.st.AcquireLease(ctx, lease)
}

func (m *machine) sweep(ctx context.Context, _ instruction) (any, error) {
	return m.st.Sweep(ctx, m.now(), 10_000)
}
