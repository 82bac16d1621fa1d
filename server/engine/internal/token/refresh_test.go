package token_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
)

func kept(s *authlete.Service) { s.RefreshTokenKept = true }

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	second := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.Value))
	wantOK(t, second)
	if second.RefreshToken == first.Value || second.RefreshToken == "" {
		t.Fatalf("refresh token %q, want a new one", second.RefreshToken)
	}
	third := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", second.RefreshToken))
	wantOK(t, third)
	if third.Subject != fixture.Subject || third.GrantType != authlete.GrantRefreshToken {
		t.Errorf("response %+v", third)
	}
}

func TestRefreshReuseRevokesTheFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	second := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.Value))
	wantOK(t, second)

	wantError(t, w.as(t, "other", form("grant_type", "refresh_token", "refresh_token", first.Value)), "invalid_grant", "E053305")
	if !w.live(t, second.AccessToken) {
		t.Fatal("another client's replay revoked the family")
	}
	wantError(t, w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.Value)), "invalid_grant", "E053306")
	if w.live(t, second.AccessToken) {
		t.Error("the access token outlives the reuse")
	}
	wantError(t, w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", second.RefreshToken)), "invalid_grant", "E053305")
}

func TestRefreshRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value   string // replaces the refresh token
		scope   string
		advance time.Duration
		code    string
		result  string
	}{
		"NoToken":      {value: " ", code: "invalid_grant", result: "E053305"},
		"Unknown":      {value: "nope", code: "invalid_grant", result: "E053305"},
		"Expired":      {advance: 24 * time.Hour, code: "invalid_grant", result: "E053307"},
		"WiderScope":   {scope: "read write", code: "invalid_scope", result: "E053308"},
		"ForeignScope": {scope: "openid", code: "invalid_scope", result: "E053308"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
			value := refresh.Value
			if tc.value != "" {
				value = tc.value
			}
			w.Clock.Advance(tc.advance)
			response := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", value, "scope", tc.scope))
			wantError(t, response, tc.code, tc.result)
			if tc.advance == 0 {
				// A failure uses nothing up.
				wantOK(t, w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value)))
			}
		})
	}
	w := newWorld(t)
	wantError(t, w.as(t, "app", form("grant_type", "refresh_token")), "invalid_request", "E053301")
}

func TestRefreshNarrowsOnlyTheAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, first := w.Tokens(fixture.Grant{Scopes: []string{"read", "write"}})
	narrow := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.Value, "scope", "read"))
	wantOK(t, narrow)
	if diff := cmp.Diff([]string{"read"}, narrow.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	wide := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", narrow.RefreshToken))
	wantOK(t, wide)
	if diff := cmp.Diff([]string{"read", "write"}, wide.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestRefreshDropsScopesThatTheClientLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read", "write"}})
	w.UpdateClient("app", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"write"}}
	})
	response := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
	wantOK(t, response)
	if diff := cmp.Diff([]string{"write"}, response.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestRefreshRenewsTheIDToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.Code(fixture.Grant{
		Scopes: []string{"openid"}, Request: challenged(),
		Details: issue.GrantDetails{AuthTime: 1700000000, AliasUsed: true, Sub: "pairwise-1", IDTokenClaims: json.RawMessage(`{"name":"Alice"}`)},
	})
	first := w.as(t, "app", exchangeForm(code))
	wantOK(t, first)
	w.Clock.Advance(10 * time.Second)
	second := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.RefreshToken))
	wantOK(t, second)

	before, after := w.claims(t, first.IDToken), w.claims(t, second.IDToken)
	if before["nonce"] != "n-1" {
		t.Errorf("nonce %v in the first ID token", before["nonce"])
	}
	if after["iat"] == before["iat"] || after["at_hash"] == before["at_hash"] {
		t.Error("the refreshed ID token repeats iat or at_hash")
	}
	for _, changing := range []string{"iat", "exp", "at_hash", "nonce"} {
		delete(before, changing)
		if changing != "nonce" {
			delete(after, changing)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("claims (-first +refreshed):\n%s", diff)
	}
	if after["sub"] != "pairwise-1" {
		t.Errorf("sub %v", after["sub"])
	}
}

func TestRefreshTokenKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, kept)
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	w.Clock.Advance(23*time.Hour + 30*time.Minute)
	for range 2 {
		response := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
		wantOK(t, response)
		if response.RefreshToken != refresh.Value || response.RefreshTokenDuration != 1800 {
			t.Errorf("refresh token %q for %d s, want the same for 1800 s", response.RefreshToken, response.RefreshTokenDuration)
		}
		// The grant's record ends with the refresh token; a longer access token would lose it.
		if response.AccessTokenDuration != 1800 || !w.live(t, response.AccessToken) {
			t.Errorf("access token for %d s, want 1800", response.AccessTokenDuration)
		}
	}
}

func TestRefreshTokenOfPublicClientRotatesAnyway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, kept)
	_, refresh := w.Tokens(fixture.Grant{ClientID: 3, Scopes: []string{"read"}})
	response := w.asPublic(t, "spa", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
	wantOK(t, response)
	if response.RefreshToken == refresh.Value {
		t.Error("the refresh token was kept")
	}
}

func TestRefreshTokenDurationKept(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kept bool
		want int64
	}{"Renewed": {want: 86400}, "Kept": {kept: true, want: 82800}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *authlete.Service) { s.RefreshTokenDurationKept = tc.kept })
			_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
			w.Clock.Advance(time.Hour)
			response := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
			wantOK(t, response)
			if response.RefreshTokenDuration != tc.want {
				t.Errorf("duration %d, want %d", response.RefreshTokenDuration, tc.want)
			}
		})
	}
}

// TestRefreshWithoutAnyScopeLeft: an answer that grants nothing of what was asked is a refusal, here as at the other grants.
func TestRefreshWithoutAnyScopeLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	w.UpdateClient("app", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"write"}}
	})
	w.Clock.Advance(3 * time.Second)
	response := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
	wantError(t, response, "invalid_scope", "E053308")
}
