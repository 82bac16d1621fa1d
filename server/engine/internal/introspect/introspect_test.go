package introspect_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/introspect"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// world is an introspection endpoint with one grant.
type world struct {
	*fixture.Fixture
	endpoint *introspect.Endpoint
	access   issue.Access
	refresh  issue.Refresh
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	f := fixture.New(tb)
	f.AddClient(1, "app")
	w := &world{Fixture: f, endpoint: introspect.New(introspect.Deps{Registry: f.Registry, Store: f.Store, Subjects: f.Subjects, Clock: f.Clock.Now})}
	w.access, w.refresh = f.Tokens(fixture.Grant{Scopes: []string{"openid", "read"}})
	return w
}

// spoil is a way for a token to become no good.
type spoil func(*testing.T, *world)

func spoilings() map[string]spoil {
	return map[string]spoil{
		"TokenRevoked": func(t *testing.T, w *world) {
			t.Helper()
			must(t, w.Store.RevokeAccess(t.Context(), w.access.Record.Hash, w.Clock.Now()))
		},
		"GrantRevoked": func(t *testing.T, w *world) {
			t.Helper()
			must(t, w.Store.RevokeGrant(t.Context(), w.access.Record.GrantID, w.Clock.Now()))
		},
		"Expired": func(_ *testing.T, w *world) { w.Clock.Advance(time.Hour) },
		"ClientLocked": func(_ *testing.T, w *world) {
			w.UpdateClient("app", func(c *authlete.Client) { c.Locked = true })
			w.Clock.Advance(3 * time.Second)
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) introspect(tb testing.TB, req *authlete.IntrospectionRequest) *authlete.IntrospectionResponse {
	tb.Helper()
	response, err := w.endpoint.Introspection(tb.Context(), req)
	if err != nil {
		tb.Fatalf("Introspection: %v", err)
	}
	return response
}

func (w *world) standard(tb testing.TB, parameters string) *authlete.StandardIntrospectionResponse {
	tb.Helper()
	response, err := w.endpoint.StandardIntrospection(tb.Context(), &authlete.StandardIntrospectionRequest{Parameters: parameters})
	if err != nil {
		tb.Fatalf("StandardIntrospection: %v", err)
	}
	return response
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.introspect(t, &authlete.IntrospectionRequest{Token: w.access.Value, Scopes: []string{"read"}, Subject: fixture.Subject})
	want := &authlete.IntrospectionResponse{
		Result:          authlete.Result{ResultCode: "E056001", ResultMessage: "[E056001] The access token is valid."},
		Action:          authlete.IntrospectionOK,
		ResponseContent: `Bearer error="invalid_request"`,
		ClientID:        1, ClientIDAlias: "app", ClientIDAliasUsed: true,
		Existent: true, Usable: true, Sufficient: true, Refreshable: true,
		ExpiresAt: w.Clock.Now().Add(time.Hour).UnixMilli(), Subject: fixture.Subject, Scopes: []string{"openid", "read"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func TestIntrospectionRefuses(t *testing.T) {
	t.Parallel()
	type state struct{ Existent, Usable, Sufficient bool }
	tests := map[string]struct {
		request func(token string) *authlete.IntrospectionRequest
		action  authlete.IntrospectionAction
		error   string
		want    state
	}{
		"NoToken": {
			request: func(string) *authlete.IntrospectionRequest { return &authlete.IntrospectionRequest{} },
			action:  authlete.IntrospectionBadRequest, error: "invalid_request",
		},
		"Unknown": {
			request: func(token string) *authlete.IntrospectionRequest {
				return &authlete.IntrospectionRequest{Token: token + "x"}
			},
			action: authlete.IntrospectionUnauthorized, error: "invalid_token",
		},
		"Scope": {
			request: func(token string) *authlete.IntrospectionRequest {
				return &authlete.IntrospectionRequest{Token: token, Scopes: []string{"read", "write"}}
			},
			action: authlete.IntrospectionForbidden, error: "insufficient_scope", want: state{Existent: true, Usable: true},
		},
		"Subject": {
			request: func(token string) *authlete.IntrospectionRequest {
				return &authlete.IntrospectionRequest{Token: token, Subject: "bob"}
			},
			action: authlete.IntrospectionForbidden, error: "invalid_request",
			want: state{Existent: true, Usable: true, Sufficient: true},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.introspect(t, tc.request(w.access.Value))
			if got.Action != tc.action || !strings.HasPrefix(got.ResponseContent, `Bearer error="`+tc.error+`",`) {
				t.Errorf("action %s, challenge %s; want %s, %s", got.Action, got.ResponseContent, tc.action, tc.error)
			}
			if diff := cmp.Diff(tc.want, state{got.Existent, got.Usable, got.Sufficient}); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpoiledAccessToken(t *testing.T) {
	t.Parallel()
	for name, spoil := range spoilings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.introspect(t, &authlete.IntrospectionRequest{Token: w.access.Value}) // fills the caches
			spoil(t, w)
			got := w.introspect(t, &authlete.IntrospectionRequest{Token: w.access.Value})
			if got.Action != authlete.IntrospectionUnauthorized || got.Usable || !got.Existent || got.Subject != "" {
				t.Errorf("response %+v, want UNAUTHORIZED and nothing about the token", got)
			}
			if content := w.standard(t, "token="+w.access.Value).ResponseContent; content != `{"active":false}` {
				t.Errorf("content %s", content)
			}
		})
	}
}

func TestSpoiledRefreshToken(t *testing.T) {
	t.Parallel()
	spoilings := spoilings()
	delete(spoilings, "TokenRevoked")
	spoilings["Expired"] = func(_ *testing.T, w *world) { w.Clock.Advance(24 * time.Hour) }
	spoilings["Rotated"] = func(t *testing.T, w *world) {
		t.Helper()
		next, err := w.Minter.Successor(&authlete.Client{ClientID: 1}, w.refresh.Record, w.Clock.Now())
		must(t, err)
		must(t, w.Store.RotateRefresh(t.Context(), store.Rotation{Hash: w.refresh.Record.Hash, Now: w.Clock.Now(), Tokens: store.Tokens{Refresh: &next.Record}}))
	}
	spoilings["ClientMayNoMore"] = func(_ *testing.T, w *world) {
		w.UpdateClient("app", func(c *authlete.Client) { c.GrantTypes = nil })
		w.Clock.Advance(3 * time.Second)
	}
	for name, spoil := range spoilings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			spoil(t, w)
			if content := w.standard(t, "token="+w.refresh.Value).ResponseContent; content != `{"active":false}` {
				t.Errorf("content %s", content)
			}
		})
	}
}

func TestDeletedClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.Store.DeleteClient(t.Context(), 1))
	w.Clock.Advance(3 * time.Second)
	for _, token := range []string{w.access.Value, w.refresh.Value} {
		if content := w.standard(t, "token="+token).ResponseContent; content != `{"active":false}` {
			t.Errorf("content %s", content)
		}
	}
}

func TestStandardIntrospection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := float64(w.Clock.Now().Unix())
	access := map[string]any{
		"active": true, "sub": fixture.Subject, "scope": "openid read", "iss": fixture.Issuer, "token_type": "Bearer",
		"exp": now + 3600, "iat": now, "client_id": "app", "aud": "app",
	}
	refresh := map[string]any{
		"active": true, "sub": fixture.Subject, "scope": "openid read", "iss": fixture.Issuer,
		"exp": now + 86400, "iat": now, "client_id": "app",
	}
	for token, want := range map[string]map[string]any{w.access.Value: access, w.refresh.Value: refresh} {
		for _, hint := range []string{"", "access_token", "refresh_token", "magic"} {
			response := w.standard(t, url.Values{"token": {token}, "token_type_hint": {hint}}.Encode())
			var got map[string]any
			if err := json.Unmarshal([]byte(response.ResponseContent), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || response.Action != authlete.StandardIntrospectionOK {
				t.Errorf("hint %q: action %s, content (-want +got):\n%s", hint, response.Action, diff)
			}
		}
	}
}

// TestClientCredentialsTokenHasNoSubject keeps clients and end-users apart: a client's id never appears as sub.
func TestClientCredentialsTokenHasNoSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access, err := w.Minter.Access(issue.Spec{
		Client: &authlete.Client{ClientID: 1}, GrantType: authlete.GrantClientCredentials, Scopes: []string{"read"},
	})
	must(t, err)
	must(t, w.Store.IssueTokens(t.Context(), nil, store.Tokens{Access: &access.Record}))
	if content := w.standard(t, "token="+access.Value).ResponseContent; strings.Contains(content, `"sub"`) {
		t.Errorf("content %s", content)
	}
	got := w.introspect(t, &authlete.IntrospectionRequest{Token: access.Value})
	if got.Action != authlete.IntrospectionOK || got.Subject != "" || got.Refreshable {
		t.Errorf("response %+v", got)
	}
}

func TestStandardIntrospectionRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for parameters, want := range map[string]string{
		"": "E145302", "token=": "E145302", "token_type_hint=access_token": "E145302", "token=a&token=b": "E145301", "token=%": "E145301",
	} {
		got := w.standard(t, parameters)
		if got.Action != authlete.StandardIntrospectionBadRequest || got.ResultCode != want {
			t.Errorf("%q: %+v, want %s", parameters, got, want)
		}
	}
}

func FuzzStandardIntrospection(f *testing.F) {
	w := newWorld(f)
	f.Add("token=" + w.access.Value)
	f.Add("token=x&token_type_hint=refresh_token")
	f.Add("%%%")
	f.Fuzz(func(t *testing.T, parameters string) {
		response := w.standard(t, parameters)
		var content map[string]any
		if err := json.Unmarshal([]byte(response.ResponseContent), &content); err != nil {
			t.Fatalf("content %q: %v", response.ResponseContent, err)
		}
		_, refused := content["error"]
		if refused != (response.Action == authlete.StandardIntrospectionBadRequest) {
			t.Errorf("action %s, content %v", response.Action, content)
		}
	})
}

func BenchmarkIntrospection(b *testing.B) {
	w := newWorld(b)
	request := &authlete.IntrospectionRequest{Token: w.access.Value, Scopes: []string{"read"}}
	b.ReportAllocs()
	for b.Loop() {
		if w.introspect(b, request).Action != authlete.IntrospectionOK {
			b.Fatal("not OK")
		}
	}
}

func BenchmarkStandardIntrospection(b *testing.B) {
	w := newWorld(b)
	parameters := "token=" + w.access.Value + "&token_type_hint=access_token"
	b.ReportAllocs()
	for b.Loop() {
		if w.standard(b, parameters).Action != authlete.StandardIntrospectionOK {
			b.Fatal("not OK")
		}
	}
}
