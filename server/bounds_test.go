package server_test

import (
	"net/http"
	"net/url"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// extremes configures every number of the file at one end of its bounds.
func extremes(c *configv1alpha1.ServerConfig, value func(configv1alpha1.Bound) int64) {
	seconds := func(path string) configv1alpha1.Seconds {
		for _, bound := range configv1alpha1.Bounds() {
			if bound.Path == path {
				return configv1alpha1.Seconds(value(bound))
			}
		}
		panic("no bounds of " + path)
	}
	c.Service.Tokens = configv1alpha1.Tokens{
		AccessTokenSeconds: seconds("service.tokens.accessTokenSeconds"), RefreshTokenSeconds: seconds("service.tokens.refreshTokenSeconds"),
		RefreshAbsoluteSeconds: seconds("service.tokens.refreshAbsoluteSeconds"),
		RefreshLeewaySeconds:   new(seconds("service.tokens.refreshLeewaySeconds")),
		IDTokenSeconds:         seconds("service.tokens.idTokenSeconds"), AuthorizationCodeSeconds: seconds("service.tokens.authorizationCodeSeconds"),
	}
	c.Session.IdleSeconds, c.Session.AbsoluteSeconds = seconds("session.idleSeconds"), seconds("session.absoluteSeconds")
	c.Session.InteractionSeconds = seconds("session.interactionSeconds")
	c.Login = configv1alpha1.Login{
		FreeAttempts: new(int32(seconds("login.freeAttempts"))), MaxDelaySeconds: seconds("login.maxDelaySeconds"),
	}
}

// TestExtremeNumbersWork: with the least and the greatest value of every number, nothing overflows: a login, a refresh and
// a second login by the session give tokens that say how long they live, and that work.
func TestExtremeNumbersWork(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func(configv1alpha1.Bound) int64{
		"least":    func(b configv1alpha1.Bound) int64 { return b.Least },
		"greatest": func(b configv1alpha1.Bound) int64 { return b.Greatest },
	} {
		for path, wire := range map[string]*servertest.Wire{"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3}} {
			t.Run(name+" "+path, func(t *testing.T) {
				t.Parallel()
				s := servertest.Start(t, servertest.Options{Wire: wire, Configure: func(c *configv1alpha1.ServerConfig) { extremes(c, value) }})
				client, browser := s.Client(t, nil), s.NewBrowser(t)
				tokens := exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), client)
				expectLifetime(t, s, tokens)
				status, _, refreshed := post(t, s, "/api/token", url.Values{
					"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)},
				}, client.ClientIDAlias, client.ClientSecret)
				if status != http.StatusOK {
					t.Fatalf("refresh: %d %v", status, refreshed)
				}
				expectLifetime(t, s, refreshed)
				if page := browser.Authorize(map[string]string{"prompt": "none"}); page.Parameter(t, "code") == "" {
					t.Errorf("the session is not known: %s", page.Location)
				}
			})
		}
	}
}

// expectLifetime compares what tokens say with the configuration.
func expectLifetime(t *testing.T, s *servertest.Server, tokens map[string]any) {
	t.Helper()
	if got, want := tokens["expires_in"], float64(s.Config.Service.Tokens.AccessTokenSeconds); got != want {
		t.Errorf("expires_in is %v, want %v", got, want)
	}
	claims := idTokenClaims(t, tokens)
	if got, want := claims["exp"].(float64)-claims["iat"].(float64), float64(s.Config.Service.Tokens.IDTokenSeconds); got != want {
		t.Errorf("the ID token lives for %v seconds, want %v", got, want)
	}
	if info := get(t, s, "/api/userinfo", tokens["access_token"].(string)); info["sub"] != "1001" {
		t.Errorf("userinfo = %v", info)
	}
}
