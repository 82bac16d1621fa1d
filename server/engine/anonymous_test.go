package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/store/memory"
)

// witness is a store that notes the verbs that store something. It embeds nothing: a new verb does not compile until it is
// listed here as one that stores or one that does not.
type witness struct {
	st store.Store

	mu     sync.Mutex
	stored []string
}

var _ store.Store = (*witness)(nil)

func (w *witness) note(verb string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored = append(w.stored, verb)
}

// take returns the verbs that were called since the last time.
func (w *witness) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	stored := w.stored
	w.stored = nil
	return stored
}

func (w *witness) IssueCode(ctx context.Context, grant store.Grant, code store.Code, tokens store.Tokens) error {
	w.note("IssueCode")
	return w.st.IssueCode(ctx, grant, code, tokens)
}

func (w *witness) IssueTokens(ctx context.Context, grant *store.Grant, tokens store.Tokens) error {
	w.note("IssueTokens")
	return w.st.IssueTokens(ctx, grant, tokens)
}

func (w *witness) FindCode(ctx context.Context, hash store.Hash) (store.Code, store.Grant, error) {
	return w.st.FindCode(ctx, hash)
}

func (w *witness) RedeemCode(ctx context.Context, hash store.Hash, now time.Time, tokens store.Tokens) error {
	w.note("RedeemCode")
	return w.st.RedeemCode(ctx, hash, now, tokens)
}

func (w *witness) FindRefresh(ctx context.Context, hash store.Hash) (store.RefreshToken, store.Grant, error) {
	return w.st.FindRefresh(ctx, hash)
}

func (w *witness) RotateRefresh(ctx context.Context, rotation store.Rotation) error {
	w.note("RotateRefresh")
	return w.st.RotateRefresh(ctx, rotation)
}

func (w *witness) FindAccess(ctx context.Context, hash store.Hash) (store.AccessToken, error) {
	return w.st.FindAccess(ctx, hash)
}

func (w *witness) RevokeAccess(ctx context.Context, hash store.Hash, now time.Time) error {
	w.note("RevokeAccess")
	return w.st.RevokeAccess(ctx, hash, now)
}

func (w *witness) RevokeGrant(ctx context.Context, grantID string, now time.Time) error {
	w.note("RevokeGrant")
	return w.st.RevokeGrant(ctx, grantID, now)
}

func (w *witness) RevokeGrants(ctx context.Context, clientID int64, subject string, now time.Time) (int64, error) {
	w.note("RevokeGrants")
	return w.st.RevokeGrants(ctx, clientID, subject, now)
}

func (w *witness) FindGrant(ctx context.Context, grantID string) (store.Grant, error) {
	return w.st.FindGrant(ctx, grantID)
}

func (w *witness) CreateClient(ctx context.Context, client store.Client) error {
	w.note("CreateClient")
	return w.st.CreateClient(ctx, client)
}

func (w *witness) FindClient(ctx context.Context, id int64) (store.Client, error) {
	return w.st.FindClient(ctx, id)
}

func (w *witness) FindClientByAlias(ctx context.Context, alias string) (store.Client, error) {
	return w.st.FindClientByAlias(ctx, alias)
}

func (w *witness) ListClients(ctx context.Context, start, end int) ([]store.Client, int, error) {
	return w.st.ListClients(ctx, start, end)
}

func (w *witness) UpdateClient(ctx context.Context, client store.Client) error {
	w.note("UpdateClient")
	return w.st.UpdateClient(ctx, client)
}

func (w *witness) DeleteClient(ctx context.Context, id int64) error {
	w.note("DeleteClient")
	return w.st.DeleteClient(ctx, id)
}

func (w *witness) FindSettings(ctx context.Context) (store.Document, error) {
	return w.st.FindSettings(ctx)
}

func (w *witness) PutSettings(ctx context.Context, doc store.Document) error {
	w.note("PutSettings")
	return w.st.PutSettings(ctx, doc)
}

func (w *witness) ListKeys(ctx context.Context) ([]store.Key, error) { return w.st.ListKeys(ctx) }

func (w *witness) CreateKey(ctx context.Context, key store.Key) error {
	w.note("CreateKey")
	return w.st.CreateKey(ctx, key)
}

func (w *witness) ActivateKey(ctx context.Context, kid string, now time.Time) error {
	w.note("ActivateKey")
	return w.st.ActivateKey(ctx, kid, now)
}

func (w *witness) DeleteKey(ctx context.Context, kid string) error {
	w.note("DeleteKey")
	return w.st.DeleteKey(ctx, kid)
}

func (w *witness) RememberID(ctx context.Context, hash store.Hash, expiresAt time.Time) (bool, error) {
	w.note("RememberID")
	return w.st.RememberID(ctx, hash, expiresAt)
}

func (w *witness) AcquireLease(ctx context.Context, lease store.Lease) (bool, error) {
	w.note("AcquireLease")
	return w.st.AcquireLease(ctx, lease)
}

func (w *witness) Sweep(ctx context.Context, now time.Time, limit int) (int64, error) {
	w.note("Sweep")
	return w.st.Sweep(ctx, now, limit)
}

func (w *witness) Ping(ctx context.Context) error { return w.st.Ping(ctx) }

func (w *witness) Close() error { return w.st.Close() }

// anonymous is an engine on a witness, with clients that anybody can name.
type anonymous struct {
	*Engine
	*testing.T
	store  *witness
	public string // what begins an authorization request of a public client
}

func newAnonymous(t *testing.T) *anonymous {
	t.Helper()
	w := &witness{st: memory.New()}
	service := enginetest.Service()
	service.SupportedGrantTypes = append(service.SupportedGrantTypes, authlete.GrantImplicit, authlete.GrantPassword)
	service.SupportedResponseTypes = append(service.SupportedResponseTypes, authlete.ResponseCodeIDTokenToken)
	e, err := newEngine(t.Context(), Options{
		KEK: bytes.Repeat([]byte{7}, 32), Service: service, SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader,
		Log: slog.New(slog.DiscardHandler),
	}, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	e.ring.Wait() // the first signing keys are stored in the background
	const callback = "https://app.example.com/callback"
	for _, client := range []*authlete.Client{
		{
			ClientIDAlias: "public", ClientType: authlete.ClientPublic, TokenAuthMethod: authlete.AuthNone, RedirectURIs: []string{callback},
			GrantTypes:    []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantPassword, authlete.GrantRefreshToken, authlete.GrantImplicit},
			ResponseTypes: service.SupportedResponseTypes,
		},
		{ClientIDAlias: "confidential", GrantTypes: service.SupportedGrantTypes, RedirectURIs: []string{callback}},
	} {
		if _, err := e.ClientCreate(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	w.take()
	return &anonymous{Engine: e, T: t, store: w, public: "client_id=public&redirect_uri=" + url.QueryEscape(callback) + "&scope=openid+email&nonce=n" +
		"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"}
}

// wantNothingStored fails if a storing verb was called.
func (a *anonymous) wantNothingStored(what string, err error) {
	a.Helper()
	if err != nil {
		a.Errorf("%s: %v", what, err)
	}
	if stored := a.store.take(); len(stored) > 0 {
		a.Errorf("%s stored something before anybody was authenticated: %v", what, stored)
	}
}

// TestNothingIsStoredForStrangers: what anybody can ask for, who has authenticated neither a person nor a client, leaves no
// trace in the store, however often it is asked.
func TestNothingIsStoredForStrangers(t *testing.T) {
	t.Parallel()
	a := newAnonymous(t)
	a.authorizations()
	a.tokenRequests()
	a.otherRequests()
}

func (a *anonymous) authorizations() {
	ctx := a.Context()
	tickets := 0
	for _, extra := range []string{
		"&response_type=code", "&response_type=code+id_token+token", "&response_type=code&prompt=none", "&response_type=code&prompt=login&max_age=0",
		"&response_type=code&claims=" + url.QueryEscape(`{"userinfo":{"name":null}}`), "&response_type=code&response_mode=form_post",
		"&response_type=nothing", "&response_type=code&request=a.b.c", "&response_type=code&request_uri=urn:x", "", "&prompt=dance",
	} {
		response, err := a.Authorization(ctx, &authlete.AuthorizationRequest{Parameters: a.public + extra})
		a.wantNothingStored("an authorization request with "+extra, err)
		if response == nil || response.Ticket == "" {
			continue
		}
		tickets++
		for _, reason := range []authlete.AuthorizationFailReason{
			authlete.AuthorizationFailDenied, authlete.AuthorizationFailNotLoggedIn, authlete.AuthorizationFailServerError, "DANCE",
		} {
			_, err := a.AuthorizationFail(ctx, &authlete.AuthorizationFailRequest{Ticket: response.Ticket, Reason: reason})
			a.wantNothingStored("failing an authorization request with "+string(reason), err)
		}
	}
	if tickets != 6 {
		a.Errorf("%d of the requests got a ticket", tickets)
	}
	for _, parameters := range []string{
		"", "client_id=nobody", "client_id=public", strings.Repeat("x", 100_000),
		"client_id=public&redirect_uri=https://evil.example",
	} {
		_, err := a.Authorization(ctx, &authlete.AuthorizationRequest{Parameters: parameters})
		a.wantNothingStored(fmt.Sprintf("an authorization request %.30q", parameters), err)
	}
	for _, ticket := range []string{"", "x", strings.Repeat("x", 43)} {
		_, err := a.AuthorizationFail(ctx, &authlete.AuthorizationFailRequest{Ticket: ticket, Reason: authlete.AuthorizationFailDenied})
		a.wantNothingStored("failing an unknown ticket", err)
		_, err = a.AuthorizationIssue(ctx, &authlete.AuthorizationIssueRequest{Ticket: ticket, Subject: "1001"})
		a.wantNothingStored("issuing for an unknown ticket", err)
	}
}

func (a *anonymous) tokenRequests() {
	ctx := a.Context()
	tickets := 0
	for _, parameters := range []string{
		"grant_type=authorization_code&code=x", "grant_type=refresh_token&refresh_token=x", "grant_type=client_credentials",
		"grant_type=password&username=alice&password=guess", "grant_type=nothing", "grant_type=authorization_code", "grant_type=refresh_token",
	} {
		for _, req := range []*authlete.TokenRequest{
			{Parameters: parameters},
			{Parameters: parameters + "&client_id=public"},
			{Parameters: parameters + "&client_id=confidential"},
			{Parameters: parameters + "&client_id=nobody"},
			{Parameters: parameters, ClientID: "confidential", ClientSecret: "wrong"},
			{Parameters: parameters + "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.e30"},
		} {
			response, err := a.Token(ctx, req)
			a.wantNothingStored("a token request "+req.Parameters, err)
			if response == nil || response.Ticket == "" {
				continue
			}
			tickets++
			for _, reason := range []authlete.TokenFailReason{
				authlete.TokenFailInvalidResourceOwnerCredentials, authlete.TokenFailUnknown, authlete.TokenFailInvalidTarget, "DANCE",
			} {
				_, err := a.TokenFail(ctx, &authlete.TokenFailRequest{Ticket: response.Ticket, Reason: reason})
				a.wantNothingStored("failing a token request with "+string(reason), err)
			}
		}
	}
	if tickets != 1 {
		a.Errorf("%d of the requests got a ticket", tickets)
	}
	_, err := a.TokenIssue(ctx, &authlete.TokenIssueRequest{Ticket: "x", Subject: "1001"})
	a.wantNothingStored("issuing tokens for an unknown ticket", err)
}

func (a *anonymous) otherRequests() {
	ctx := a.Context()
	for _, parameters := range []string{
		"", "token=x", "token=x&client_id=public", "token=x&client_id=confidential&client_secret=wrong", "token=x&client_id=nobody",
	} {
		_, err := a.Revocation(ctx, &authlete.RevocationRequest{Parameters: parameters})
		a.wantNothingStored("a revocation "+parameters, err)
		_, err = a.StandardIntrospection(ctx, &authlete.StandardIntrospectionRequest{Parameters: parameters})
		a.wantNothingStored("an introspection "+parameters, err)
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 43)} {
		_, err := a.UserInfo(ctx, &authlete.UserInfoRequest{Token: token})
		a.wantNothingStored("a userinfo request", err)
		_, err = a.Introspection(ctx, &authlete.IntrospectionRequest{Token: token})
		a.wantNothingStored("an introspection of the API", err)
	}
	_, err := a.ServiceConfiguration(ctx)
	a.wantNothingStored("reading discovery", err)
	_, err = a.ServiceJWKS(ctx)
	a.wantNothingStored("reading the JWK Set", err)
}

// TestRequestsAreBounded: what a stranger sends comes back in a ticket and in a page, and grows on the way.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	a := newAnonymous(t)
	const limit, claimsLimit = 16 << 10, 4 << 10
	fill := func(parameters, name string, size int) string {
		return parameters + "&" + name + "=" + strings.Repeat("x", size-len(parameters)-len(name)-2)
	}
	claims := func(size int) string {
		return url.QueryEscape(`{"userinfo":{"` + strings.Repeat("x", size-len(`{"userinfo":{"":null}}`)) + `":null}}`)
	}
	code := a.public + "&response_type=code"
	escaped := code + "&state=" + strings.Repeat("%01", 4096)
	for name, test := range map[string]struct {
		parameters string
		want       string
	}{
		"the largest":             {fill(code, "login_hint", limit), "E004001"},
		"one byte more":           {fill(code, "login_hint", limit+1), "E006302"},
		"the largest claims":      {code + "&claims=" + claims(claimsLimit), "E004001"},
		"one byte more of claims": {code + "&claims=" + claims(claimsLimit+1), "E013305"},
		"characters that grow":    {escaped, "E004001"},
		"claims that grow":        {code + "&claims=" + url.QueryEscape(`{"userinfo":{"`+strings.Repeat("<", claimsLimit-100)+`":null}}`), "E004001"},
	} {
		response, err := a.Authorization(t.Context(), &authlete.AuthorizationRequest{Parameters: test.parameters})
		if err != nil {
			t.Fatal(err)
		}
		if response.ResultCode != test.want {
			t.Errorf("%s: %s", name, response.ResultMessage)
		}
		// The front end seals the ticket once more into a form, of which it takes 64 KiB.
		if most := 40 << 10; len(response.Ticket) > most {
			t.Errorf("%s: the ticket has %d bytes", name, len(response.Ticket))
		}
	}
}

// TestMemoryNeedsNoKey: what a store in memory holds ends with the process, and so may the key.
func TestMemoryNeedsNoKey(t *testing.T) {
	t.Parallel()
	open := func(storage Storage) (*Engine, error) {
		return Open(t.Context(), Options{
			Storage: storage, Service: enginetest.Service(), SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		})
	}
	e, err := open(Storage{})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(e.opts.KEK, make([]byte, len(e.opts.KEK))) {
		t.Error("the key is empty")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if e, err := open(Storage{SQLitePath: t.TempDir() + "/db"}); err == nil {
		t.Error("a store that outlives the process went without a key encryption key")
		_ = e.Close()
	}
}
