package token_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/token"
)

// verifier and challenge are the pair of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// world is a token endpoint with three clients: "app" and "other", confidential, and "spa", public.
type world struct {
	*fixture.Fixture
	endpoint *token.Endpoint
}

func newWorld(tb testing.TB, changes ...func(*authlete.Service)) *world {
	tb.Helper()
	f := fixture.New(tb, changes...)
	f.AddClient(1, "app")
	f.AddClient(2, "other")
	f.AddClient(3, "spa", func(c *authlete.Client) {
		c.ClientType, c.TokenAuthMethod, c.ClientSecret = authlete.ClientPublic, authlete.AuthNone, ""
	})
	f.AddClient(4, "plain", func(c *authlete.Client) { c.GrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode} })
	return &world{Fixture: f, endpoint: token.New(token.Deps{
		Clients: f.Clients, Registry: f.Registry, Store: f.Store, Tickets: f.Tickets, Minter: f.Minter, Subjects: f.Subjects, Clock: f.Clock.Now,
	})}
}

// form builds parameters from names and values in turn; an empty value leaves the parameter out.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			values.Set(pair[0], pair[1])
		}
	}
	return values
}

// as sends a request of a confidential client.
func (w *world) as(tb testing.TB, client string, values url.Values) *authlete.TokenResponse {
	tb.Helper()
	return w.send(tb, &authlete.TokenRequest{Parameters: values.Encode(), ClientID: client, ClientSecret: fixture.Secret})
}

// asPublic sends a request of a public client.
func (w *world) asPublic(tb testing.TB, client string, values url.Values) *authlete.TokenResponse {
	tb.Helper()
	values.Set("client_id", client)
	return w.send(tb, &authlete.TokenRequest{Parameters: values.Encode()})
}

func (w *world) send(tb testing.TB, request *authlete.TokenRequest) *authlete.TokenResponse {
	tb.Helper()
	response, err := w.endpoint.Token(tb.Context(), request)
	if err != nil {
		tb.Fatalf("Token: %v", err)
	}
	return response
}

// body decodes a response's content.
func body(tb testing.TB, content string) map[string]any {
	tb.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(content), &got); err != nil {
		tb.Fatalf("content %q: %v", content, err)
	}
	return got
}

// wantOK fails the test unless the request succeeded.
func wantOK(tb testing.TB, response *authlete.TokenResponse) {
	tb.Helper()
	if response.Action != authlete.TokenOK {
		tb.Fatalf("action %s, content %s; want OK", response.Action, response.ResponseContent)
	}
}

// wantError fails the test unless the request was refused with an OAuth error and a result code.
func wantError(tb testing.TB, response *authlete.TokenResponse, code, resultCode string) {
	tb.Helper()
	action := authlete.TokenBadRequest
	if code == "invalid_client" {
		action = authlete.TokenInvalidClient
	}
	if response.Action != action || response.ResultCode != resultCode {
		tb.Fatalf("action %s, result %s; want %s, %s", response.Action, response.ResultMessage, action, resultCode)
	}
	content := body(tb, response.ResponseContent)
	description, _ := content["error_description"].(string)
	if content["error"] != code || !strings.HasPrefix(description, "["+resultCode+"] ") {
		tb.Fatalf("content %v; want error %s", content, code)
	}
	if response.AccessToken != "" || response.RefreshToken != "" || response.IDToken != "" {
		tb.Fatal("a refusal carries tokens")
	}
}

// live says whether an access token is in force.
func (w *world) live(tb testing.TB, value string) bool {
	tb.Helper()
	record, err := w.Store.FindAccess(tb.Context(), store.HashOf(value))
	return err == nil && record.RevokedAt.IsZero()
}

// claims verifies an ID token with the published keys and returns its claims.
func (w *world) claims(tb testing.TB, idToken string) map[string]any {
	tb.Helper()
	parsed, err := jwt.ParseSigned(idToken, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		tb.Fatalf("ID token: %v", err)
	}
	doc, err := w.Ring.JWKS(tb.Context())
	if err != nil {
		tb.Fatalf("JWKS: %v", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(doc, &set); err != nil {
		tb.Fatalf("JWKS: %v", err)
	}
	var claims map[string]any
	if err := parsed.Claims(set.Key(parsed.Headers[0].KeyID)[0].Key, &claims); err != nil {
		tb.Fatalf("verifying ID token: %v", err)
	}
	return claims
}

func exchangeForm(code string) url.Values {
	return form("grant_type", "authorization_code", "code", code, "redirect_uri", fixture.RedirectURI, "code_verifier", verifier)
}

func challenged() issue.CodeRequest {
	return issue.CodeRequest{
		RedirectURI: fixture.RedirectURI, RedirectURISent: true,
		CodeChallenge: challenge, CodeChallengeMethod: issue.ChallengeS256, Nonce: "n-1",
	}
}

func TestExchangeIssuesTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.Clock.Now()
	code := w.Code(fixture.Grant{
		Scopes: []string{"openid", "read"}, Request: challenged(),
		Details: issue.GrantDetails{
			AuthTime: 1700000000, Acr: "loa2", AliasUsed: true,
			IDTokenClaims: json.RawMessage(`{"name":"Alice","sub":"mallory","iss":"https://evil","exp":1,"address":{"country":"DE"}}`),
		},
	})
	response := w.as(t, "app", exchangeForm(code))
	wantOK(t, response)

	content := body(t, response.ResponseContent)
	want := map[string]any{
		"access_token": response.AccessToken, "refresh_token": response.RefreshToken, "id_token": response.IDToken,
		"token_type": "Bearer", "expires_in": 3600.0, "scope": "openid read",
	}
	if diff := cmp.Diff(want, content); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	if len(response.AccessToken) != 43 || len(response.RefreshToken) != 43 {
		t.Errorf("tokens %q and %q, want 43 characters each", response.AccessToken, response.RefreshToken)
	}
	claims := w.claims(t, response.IDToken)
	if claims["at_hash"] == "" {
		t.Error("no at_hash")
	}
	delete(claims, "at_hash")
	wantClaims := map[string]any{
		"iss": fixture.Issuer, "sub": fixture.Subject, "aud": "app", "exp": float64(now.Unix() + 600), "iat": float64(now.Unix()),
		"auth_time": 1700000000.0, "acr": "loa2", "nonce": "n-1", "name": "Alice", "address": map[string]any{"country": "DE"},
	}
	if diff := cmp.Diff(wantClaims, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	response.ResponseContent, response.ResultMessage = "", ""
	wantResponse := &authlete.TokenResponse{
		Result: authlete.Result{ResultCode: "E050001"}, Action: authlete.TokenOK, GrantType: authlete.GrantAuthorizationCode,
		ClientID: 1, ClientIDAlias: "app", ClientIDAliasUsed: true, Subject: fixture.Subject, Scopes: []string{"openid", "read"},
		AccessToken: response.AccessToken, AccessTokenDuration: 3600, AccessTokenExpiresAt: now.Add(time.Hour).UnixMilli(),
		RefreshToken: response.RefreshToken, RefreshTokenDuration: 86400, RefreshTokenExpiresAt: now.Add(24 * time.Hour).UnixMilli(),
		IDToken: response.IDToken,
	}
	if diff := cmp.Diff(wantResponse, response); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func TestExchangeRules(t *testing.T) {
	t.Parallel()
	s256 := challenged()
	plain := s256
	plain.CodeChallenge, plain.CodeChallengeMethod = verifier, issue.ChallengePlain
	unchallenged := issue.CodeRequest{RedirectURI: fixture.RedirectURI, RedirectURISent: true}
	unsent := s256
	unsent.RedirectURISent = false
	odd := s256
	odd.CodeChallengeMethod = "S512"
	allowPlain := func(s *authlete.Service) { s.PkceS256Required = false }
	tests := map[string]struct {
		request issue.CodeRequest
		service func(*authlete.Service)
		change  []string // names and values; an empty value removes the parameter
		client  string
		want    string // error and result code; empty for success
	}{
		"Good":                    {request: s256},
		"NoCode":                  {request: s256, change: []string{"code", ""}, want: "invalid_request E050306"},
		"UnknownCode":             {request: s256, change: []string{"code", "nope"}, want: "invalid_grant E050305"},
		"OtherClient":             {request: s256, client: "other", want: "invalid_grant E050305"},
		"RedirectURIMissing":      {request: s256, change: []string{"redirect_uri", ""}, want: "invalid_grant E050309"},
		"RedirectURIOther":        {request: s256, change: []string{"redirect_uri", fixture.RedirectURI + "/"}, want: "invalid_grant E050309"},
		"RedirectURINeverSent":    {request: unsent, change: []string{"redirect_uri", ""}},
		"RedirectURISentAnyway":   {request: unsent},
		"RedirectURIWrongAnyway":  {request: unsent, change: []string{"redirect_uri", "https://evil.example"}, want: "invalid_grant E050309"},
		"VerifierMissing":         {request: s256, change: []string{"code_verifier", ""}, want: "invalid_grant E050312"},
		"VerifierTooShort":        {request: s256, change: []string{"code_verifier", verifier[1:]}, want: "invalid_grant E050313"},
		"VerifierTooLong":         {request: s256, change: []string{"code_verifier", strings.Repeat("a", 129)}, want: "invalid_grant E050313"},
		"VerifierOddCharacter":    {request: s256, change: []string{"code_verifier", verifier + "="}, want: "invalid_grant E050313"},
		"VerifierWrong":           {request: s256, change: []string{"code_verifier", strings.Repeat("a", 43)}, want: "invalid_grant E050315"},
		"VerifierIsTheChallenge":  {request: s256, change: []string{"code_verifier", challenge}, want: "invalid_grant E050315"},
		"VerifierUnasked":         {request: unchallenged, want: "invalid_grant E050317"},
		"NoChallengeConfidential": {request: unchallenged, change: []string{"code_verifier", ""}},
		"NoChallengeRequired": {
			request: unchallenged, change: []string{"code_verifier", ""},
			service: func(s *authlete.Service) { s.PkceRequired = true }, want: "invalid_grant E050314",
		},
		"PlainAllowed":  {request: plain, service: allowPlain},
		"PlainWrong":    {request: plain, service: allowPlain, change: []string{"code_verifier", challenge}, want: "invalid_grant E050315"},
		"PlainRefused":  {request: plain, want: "invalid_grant E050316"},
		"UnknownMethod": {request: odd, service: allowPlain, want: "invalid_grant E050316"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.service != nil {
				w = newWorld(t, tc.service)
			}
			code := w.Code(fixture.Grant{Scopes: []string{"read"}, Request: tc.request})
			values := exchangeForm(code)
			for pair := range slices.Chunk(tc.change, 2) {
				values.Set(pair[0], pair[1])
			}
			client := tc.client
			if client == "" {
				client = "app"
			}
			response := w.as(t, client, values)
			if tc.want == "" {
				wantOK(t, response)
				return
			}
			code2, result, _ := strings.Cut(tc.want, " ")
			wantError(t, response, code2, result)

			// A failure uses nothing up.
			stored, grant, err := w.Store.FindCode(t.Context(), store.HashOf(code))
			if err != nil || !stored.ConsumedAt.IsZero() || !grant.RevokedAt.IsZero() {
				t.Errorf("after the failure: code %+v, grant %+v, %v; want both in force", stored, grant, err)
			}
		})
	}
}

func TestExchangeExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{Request: challenged()})
	w.Clock.Advance(time.Minute)
	wantError(t, w.as(t, "app", exchangeForm(code)), "invalid_grant", "E050307")
}

func TestExchangeOfRevokedGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{Request: challenged()})
	if _, err := w.Store.RevokeGrants(t.Context(), 1, "", w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.as(t, "app", exchangeForm(code)), "invalid_grant", "E050305")
}

func TestExchangeReplayRevokes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{Scopes: []string{"read"}, Request: challenged()})
	first := w.as(t, "app", exchangeForm(code))
	wantOK(t, first)

	// Another client that got hold of the code cannot end the grant.
	wantError(t, w.as(t, "other", exchangeForm(code)), "invalid_grant", "E050305")
	if !w.live(t, first.AccessToken) {
		t.Fatal("another client's replay revoked the access token")
	}
	// The code stays recognizable after its own end.
	w.Clock.Advance(2 * time.Minute)
	wantError(t, w.as(t, "app", exchangeForm(code)), "invalid_grant", "E050308")
	if w.live(t, first.AccessToken) {
		t.Error("the access token outlives the replay of its code")
	}
	refresh := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.RefreshToken))
	wantError(t, refresh, "invalid_grant", "E053305")
}

func TestExchangeInParallelSucceedsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{Scopes: []string{"openid"}, Request: challenged()})
	if won := w.race(t, "app", exchangeForm(code)); won != 1 {
		t.Errorf("%d of 8 parallel redemptions succeeded, want 1", won)
	}
}

func TestRefreshInParallelSucceedsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	if won := w.race(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value)); won != 1 {
		t.Errorf("%d of 8 parallel refreshes succeeded, want 1", won)
	}
}

// race sends a request eight times at once and returns how often it succeeded.
func (w *world) race(t *testing.T, client string, values url.Values) int32 {
	t.Helper()
	var won atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	for range 8 {
		group.Go(func() {
			<-start
			response, err := w.endpoint.Token(t.Context(), &authlete.TokenRequest{
				Parameters: values.Encode(), ClientID: client, ClientSecret: fixture.Secret,
			})
			if err != nil {
				t.Errorf("Token: %v", err)
				return
			}
			if response.Action == authlete.TokenOK {
				won.Add(1)
			}
		})
	}
	close(start)
	group.Wait()
	return won.Load()
}

func TestExchangeWithoutRefreshGrant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		client  string
		service func(*authlete.Service)
	}{
		"ClientMayNot": {client: "plain", service: func(*authlete.Service) {}},
		"ServiceDoesNot": {client: "app", service: func(s *authlete.Service) {
			s.SupportedGrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode}
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.service)
			id := map[string]int64{"app": 1, "plain": 4}[tc.client]
			code := w.Code(fixture.Grant{ClientID: id, Scopes: []string{"offline_access"}, Request: challenged()})
			response := w.as(t, tc.client, exchangeForm(code))
			wantOK(t, response)
			if _, has := body(t, response.ResponseContent)["refresh_token"]; has || response.RefreshToken != "" {
				t.Error("a refresh token was issued")
			}
		})
	}
}

func TestExchangeAsPublicClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{ClientID: 3, Request: challenged()})
	wantOK(t, w.asPublic(t, "spa", exchangeForm(code)))

	without := w.Code(fixture.Grant{ClientID: 3})
	values := exchangeForm(without)
	values.Del("code_verifier")
	wantError(t, w.asPublic(t, "spa", values), "invalid_grant", "E050314")
}

func TestDurationsOfTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AddClient(9, "short", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{AccessTokenDuration: 60, RefreshTokenDuration: 120}
	})
	response := w.as(t, "short", exchangeForm(w.Code(fixture.Grant{ClientID: 9, Request: challenged()})))
	wantOK(t, response)
	if response.AccessTokenDuration != 60 || response.RefreshTokenDuration != 120 {
		t.Errorf("durations %d and %d, want 60 and 120", response.AccessTokenDuration, response.RefreshTokenDuration)
	}
	if got := body(t, response.ResponseContent)["expires_in"]; got != 60.0 {
		t.Errorf("expires_in %v, want 60", got)
	}
}
