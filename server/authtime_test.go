package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestAuthTime: auth_time of every ID token is when the person typed the password: not when the page was opened, the code
// issued or redeemed, a later request answered by the session, or a token refreshed.
func TestAuthTime(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{
		"embedded": nil, "2.x": {Version: credentials.V2}, "3.0": {Version: credentials.V3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Wire: wire})
			client := s.Client(t, nil)
			browser := s.NewBrowser(t)
			page := browser.Authorize(nil)
			s.Turn(100 * time.Second)
			login := s.Now().Unix()
			end := browser.LogIn(page, "alice")
			check := func(when string, tokens map[string]any) {
				t.Helper()
				claims := idTokenClaims(t, tokens)
				if claims["auth_time"] != float64(login) || claims["iat"] != float64(s.Now().Unix()) {
					t.Errorf("%s: auth_time %v, iat %v; the login was at %d, now is %d", when, claims["auth_time"], claims["iat"], login, s.Now().Unix())
				}
			}
			s.Turn(20 * time.Second)
			tokens := exchange(t, s, end, client)
			check("code", tokens)
			s.Turn(200 * time.Second)
			end = browser.Authorize(nil)
			check("the session's answer", exchange(t, s, end, client))
			s.Turn(300 * time.Second)
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
			status, _, refreshed := post(t, s, "/api/token", form, "app", client.ClientSecret)
			if status != http.StatusOK {
				t.Fatalf("refresh: %d %v", status, refreshed)
			}
			check("refresh", refreshed)
			s.Turn(10 * time.Second)
			page = browser.Authorize(map[string]string{"prompt": "login"})
			s.Turn(10 * time.Second)
			login = s.Now().Unix()
			check("a second login", exchange(t, s, browser.LogIn(page, "alice"), client))
		})
	}
}
