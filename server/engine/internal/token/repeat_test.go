package token_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

func repeatable(s *authlete.Service) { s.RefreshTokenIdempotent = true }

// TestLeeway: the settings say whether a refresh request may be repeated, and for how long; by default it may not.
func TestLeeway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings func(*authlete.Service)
		after    time.Duration
		result   string // empty for success
	}{
		"not allowed":                   {func(*authlete.Service) {}, 0, "E053306"},
		"a leeway that is not in force": {func(s *authlete.Service) { s.RefreshTokenLeeway = 60 }, 0, "E053306"},
		"default":                       {repeatable, 5*time.Second - time.Millisecond, ""},
		"after the default":             {repeatable, 5 * time.Second, "E053306"},
		"another leeway":                {func(s *authlete.Service) { repeatable(s); s.RefreshTokenLeeway = 2 }, 2 * time.Second, "E053306"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.settings)
			_, first := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
			again := form("grant_type", "refresh_token", "refresh_token", first.Value)
			second := w.as(t, "app", again)
			wantOK(t, second)
			w.Clock.Advance(test.after)
			repeated := w.as(t, "app", again)
			if test.result != "" {
				wantError(t, repeated, "invalid_grant", test.result)
				return
			}
			wantOK(t, repeated)
			if repeated.RefreshToken != second.RefreshToken || repeated.AccessToken != second.AccessToken {
				t.Error("the tokens differ")
			}
		})
	}
}

// TestRepetitionAfterTheAccessTokenWasRevoked gets an access token that serves, and the same refresh token.
func TestRepetitionAfterTheAccessTokenWasRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, repeatable)
	_, first := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	again := form("grant_type", "refresh_token", "refresh_token", first.Value)
	second := w.as(t, "app", again)
	if err := w.Store.RevokeAccess(t.Context(), store.HashOf(second.AccessToken), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	repeated := w.as(t, "app", again)
	wantOK(t, repeated)
	if repeated.RefreshToken != second.RefreshToken || !w.live(t, repeated.AccessToken) {
		t.Errorf("the answer does not serve: %+v", repeated)
	}
	if err := w.Store.RevokeGrant(t.Context(), first.Record.GrantID, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.as(t, "app", again), "invalid_grant", "E053305")
}

// TestSuccessorIsSealed: what the store keeps does not tell the successor.
func TestSuccessorIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, repeatable)
	_, first := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	second := w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", first.Value))
	old, _, err := w.Store.FindRefresh(t.Context(), first.Record.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if len(old.Successor) == 0 || bytes.Contains(old.Successor, []byte(second.RefreshToken)) || bytes.Contains(old.Successor, []byte(second.AccessToken)) {
		t.Errorf("the store keeps %q", old.Successor)
	}
}

// TestNothingIsUsedUpForAnUnknownSubject: codes and refresh tokens of a person who is briefly unknown serve afterwards.
func TestNothingIsUsedUpForAnUnknownSubject(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(*authlete.Service){"rotating": func(*authlete.Service) {}, "kept": kept, "repeatable": repeatable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings)
			_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
			code := w.Code(fixture.Grant{Scopes: []string{"read"}, Request: challenged()})
			for _, request := range []func() *authlete.TokenResponse{
				func() *authlete.TokenResponse {
					return w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh.Value))
				},
				func() *authlete.TokenResponse { return w.as(t, "app", exchangeForm(code)) },
			} {
				w.Subjects.Away.Store(fixture.Subject, true)
				wantError(t, request(), "invalid_grant", "E053309")
				w.Subjects.Away.Delete(fixture.Subject)
				wantOK(t, request())
			}
		})
	}
}
