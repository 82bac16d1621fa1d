package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// post posts a form as a client does and returns the decoded answer.
func post(t *testing.T, s *servertest.Server, path string, form url.Values, user, secret string) (int, http.Header, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		request.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(secret))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatalf("%s answered %d with %q, which is not JSON", path, response.StatusCode, body)
		}
	}
	return response.StatusCode, response.Header, answer
}

// exchange redeems the code of the page.
func exchange(t *testing.T, s *servertest.Server, page servertest.Page, client *authlete.Client) map[string]any {
	t.Helper()
	code := page.Parameter(t, "code")
	if code == "" {
		t.Fatalf("the client got no code: %s", page.Location)
	}
	status, _, tokens := post(t, s, "/api/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"https://app.example.com/callback"},
	}, client.ClientIDAlias, client.ClientSecret)
	if status != http.StatusOK {
		t.Fatalf("token endpoint: %d %v", status, tokens)
	}
	return tokens
}

// TestCodeFlow: the same flow with the engine in process, and with one that is called as Authlete is.
func TestCodeFlow(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*servertest.Wire{
		"in process": nil, "API 2.x": {Version: credentials.V2}, "API 3.0": {Version: credentials.V3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			codeFlow(t, servertest.Start(t, servertest.Options{Wire: wire}))
		})
	}
}

func codeFlow(t *testing.T, s *servertest.Server) {
	t.Helper()
	client := s.Client(t, nil)
	browser := s.NewBrowser(t)
	page := browser.Authorize(nil)
	for _, want := range []string{"Example Login", "Example App", "An application for tests", "openid", "profile", "Authorize", "Deny", "app.example.com"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	end := browser.LogIn(page, "alice")
	if end.Parameter(t, "state") != "state-1" || end.Parameter(t, "iss") != s.URL {
		t.Errorf("the response lacks state or issuer: %s", end.Location)
	}
	tokens := exchange(t, s, end, client)
	provider, err := oidc.NewProvider(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: "app", SupportedSigningAlgs: []string{"ES256"}, Now: s.Now})
	idToken, err := verifier.Verify(t.Context(), tokens["id_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if idToken.Subject != "1001" || idToken.Nonce != "nonce-1" {
		t.Errorf("ID token = %+v", idToken)
	}
	if err := idToken.VerifyAccessToken(tokens["access_token"].(string)); err != nil {
		t.Errorf("at_hash: %v", err)
	}
	userInfo := get(t, s, "/api/userinfo", tokens["access_token"].(string))
	if userInfo["sub"] != "1001" || userInfo["name"] != "Alice Adams" || userInfo["email"] != "alice@example.com" {
		t.Errorf("userinfo = %v\n%s", userInfo, s.Log())
	}
	status, _, refreshed := post(t, s, "/api/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}},
		"app", client.ClientSecret)
	if status != http.StatusOK || refreshed["refresh_token"] == tokens["refresh_token"] {
		t.Errorf("refresh: %d %v", status, refreshed)
	}
	status, _, again := post(t, s, "/api/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}},
		"app", client.ClientSecret)
	if status != http.StatusOK || again["refresh_token"] != refreshed["refresh_token"] || again["access_token"] != refreshed["access_token"] {
		t.Errorf("a repeated refresh request: %d %v", status, again)
	}
	s.Turn(6 * time.Second)
	status, _, _ = post(t, s, "/api/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}},
		"app", client.ClientSecret)
	if status != http.StatusBadRequest {
		t.Errorf("a used refresh token was accepted: %d", status)
	}
	status, _, answer := post(t, s, "/api/introspection", url.Values{"token": {refreshed["access_token"].(string)}}, "api", servertest.IntrospectionSecret)
	if status != http.StatusOK || answer["active"] != false {
		t.Errorf("after reuse of a refresh token its family must be dead: %d %v", status, answer)
	}
	for _, secret := range []string{client.ClientSecret, servertest.Password, servertest.WireSecret, tokens["access_token"].(string), end.Parameter(t, "code")} {
		if strings.Contains(s.Log(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

// idTokenClaims returns what the ID token says, unverified.
func idTokenClaims(t *testing.T, tokens map[string]any) map[string]any {
	t.Helper()
	parts := strings.Split(tokens["id_token"].(string), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// get reads JSON with an access token.
func get(t *testing.T, s *servertest.Server, path, token string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer := map[string]any{"status": float64(response.StatusCode)}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil && response.ContentLength != 0 {
		t.Fatal(err)
	}
	return answer
}
