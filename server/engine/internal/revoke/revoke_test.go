package revoke_test

import (
	"net/url"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/revoke"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// world is a revocation endpoint with a grant of the client "app".
type world struct {
	*fixture.Fixture
	endpoint *revoke.Endpoint
	access   issue.Access
	refresh  issue.Refresh
}

func newWorld(t *testing.T) *world {
	t.Helper()
	f := fixture.New(t)
	f.AddClient(1, "app")
	f.AddClient(2, "other")
	f.AddClient(3, "spa", func(c *authlete.Client) {
		c.ClientType, c.TokenAuthMethod, c.ClientSecret = authlete.ClientPublic, authlete.AuthNone, ""
	})
	w := &world{Fixture: f, endpoint: revoke.New(revoke.Deps{Clients: f.Clients, Settings: f.Registry, Store: f.Store, Clock: f.Clock.Now})}
	w.access, w.refresh = f.Tokens(fixture.Grant{Scopes: []string{"read"}})
	return w
}

func (w *world) revoke(t *testing.T, client string, values url.Values) *authlete.RevocationResponse {
	t.Helper()
	request := &authlete.RevocationRequest{Parameters: values.Encode(), ClientID: client, ClientSecret: fixture.Secret}
	response, err := w.endpoint.Revocation(t.Context(), request)
	if err != nil {
		t.Fatalf("Revocation: %v", err)
	}
	return response
}

// live says which of the tokens of the grant are in force.
func (w *world) live(t *testing.T) (access, refresh bool) {
	t.Helper()
	token, err := w.Store.FindAccess(t.Context(), w.access.Record.Hash)
	if err != nil {
		t.Fatal(err)
	}
	_, grant, err := w.Store.FindRefresh(t.Context(), w.refresh.Record.Hash)
	if err != nil {
		t.Fatal(err)
	}
	return token.RevokedAt.IsZero(), grant.RevokedAt.IsZero()
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	access := func(w *world) string { return w.access.Value }
	refresh := func(w *world) string { return w.refresh.Value }
	tests := map[string]struct {
		client      string
		token       func(*world) string
		hint        string
		wantAccess  bool
		wantRefresh bool
	}{
		"Access":             {client: "app", token: access, wantRefresh: true},
		"AccessWithHint":     {client: "app", token: access, hint: "access_token", wantRefresh: true},
		"AccessWrongHint":    {client: "app", token: access, hint: "refresh_token", wantRefresh: true},
		"AccessOddHint":      {client: "app", token: access, hint: "pumpkin", wantRefresh: true},
		"Refresh":            {client: "app", token: refresh},
		"RefreshWithHint":    {client: "app", token: refresh, hint: "refresh_token"},
		"RefreshWrongHint":   {client: "app", token: refresh, hint: "access_token"},
		"Unknown":            {client: "app", token: func(*world) string { return "nope" }, wantAccess: true, wantRefresh: true},
		"AccessOfAnother":    {client: "other", token: access, wantAccess: true, wantRefresh: true},
		"RefreshOfAnother":   {client: "other", token: refresh, wantAccess: true, wantRefresh: true},
		"RefreshOfAnotherWH": {client: "other", token: refresh, hint: "refresh_token", wantAccess: true, wantRefresh: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			values := url.Values{"token": {tc.token(w)}, "token_type_hint": {tc.hint}}
			for range 2 { // a second time changes nothing
				if response := w.revoke(t, tc.client, values); response.Action != authlete.RevocationOK || response.ResponseContent != "" {
					t.Fatalf("response %+v, want OK without content", response)
				}
				if access, refresh := w.live(t); access != tc.wantAccess || refresh != tc.wantRefresh {
					t.Errorf("in force: access %v, refresh %v; want %v, %v", access, refresh, tc.wantAccess, tc.wantRefresh)
				}
			}
		})
	}
}

func TestRevocationByRotatedRefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	next, err := w.Minter.Successor(&authlete.Client{ClientID: 1}, w.refresh.Record, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	rotation := store.Rotation{Hash: w.refresh.Record.Hash, Now: w.Clock.Now(), Tokens: store.Tokens{Refresh: &next.Record}}
	if err := w.Store.RotateRefresh(t.Context(), rotation); err != nil {
		t.Fatal(err)
	}
	w.revoke(t, "app", url.Values{"token": {w.refresh.Value}})
	if access, refresh := w.live(t); access || refresh {
		t.Errorf("in force: access %v, refresh %v", access, refresh)
	}
}

func TestRevocationByPublicClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.access, w.refresh = w.Tokens(fixture.Grant{ClientID: 3})
	values := url.Values{"token": {w.refresh.Value}, "client_id": {"spa"}}
	response, err := w.endpoint.Revocation(t.Context(), &authlete.RevocationRequest{Parameters: values.Encode()})
	if err != nil || response.Action != authlete.RevocationOK {
		t.Fatalf("Revocation = %+v, %v", response, err)
	}
	if access, refresh := w.live(t); access || refresh {
		t.Errorf("in force: access %v, refresh %v", access, refresh)
	}
}

func TestRevocationRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parameters string
		client     string
		secret     string
		action     authlete.RevocationAction
		result     string
	}{
		"NoToken":     {parameters: "", client: "app", secret: fixture.Secret, action: authlete.RevocationBadRequest, result: "E113302"},
		"Malformed":   {parameters: "token=a&token=b", client: "app", secret: fixture.Secret, action: authlete.RevocationBadRequest, result: "E113301"},
		"WrongSecret": {parameters: "token=a", client: "app", secret: "wrong", action: authlete.RevocationInvalidClient, result: "E157303"},
		"NoClient":    {parameters: "token=a", action: authlete.RevocationInvalidClient, result: "E157301"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			request := &authlete.RevocationRequest{Parameters: tc.parameters, ClientID: tc.client, ClientSecret: tc.secret}
			response, err := w.endpoint.Revocation(t.Context(), request)
			if err != nil || response.Action != tc.action || response.ResultCode != tc.result || response.ResponseContent == "" {
				t.Errorf("Revocation = %+v, %v; want %s %s", response, err, tc.action, tc.result)
			}
		})
	}
}
