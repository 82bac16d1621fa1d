package server_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// The server that this project descends from had 19 known bugs. Each has a test here that carries its number.

// scripted is a backend of which single calls are replaced.
type scripted struct {
	authlete.Runtime

	token         func(*authlete.TokenRequest) (*authlete.TokenResponse, error)
	authorization func(*authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error)
	configuration func() ([]byte, error)
}

func (s *scripted) Token(ctx context.Context, req *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	if s.token != nil {
		return s.token(req)
	}
	return s.Runtime.Token(ctx, req)
}

func (s *scripted) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	if s.authorization != nil {
		return s.authorization(req)
	}
	return s.Runtime.Authorization(ctx, req)
}

func (s *scripted) ServiceConfiguration(ctx context.Context) ([]byte, error) {
	if s.configuration != nil {
		return s.configuration()
	}
	return s.Runtime.ServiceConfiguration(ctx)
}

// start starts a server with the client "app" and a browser.
func start(t *testing.T) (*servertest.Server, *authlete.Client, *servertest.Browser) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{})
	client, browser := s.Client(t, nil), s.NewBrowser(t)
	return s, client, browser
}

// startScripted starts a server whose backend the test scripts.
func startScripted(t *testing.T, backend *scripted) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Options{Backend: func(engine authlete.Runtime) authlete.Runtime {
		backend.Runtime = engine
		return backend
	}})
}

func wantPage(t *testing.T, page servertest.Page, status int, text string) {
	t.Helper()
	if page.Status != status || !strings.Contains(page.Body, text) {
		t.Errorf("status %d, want %d and %q in\n%s", page.Status, status, text, page.Body)
	}
}

func TestOriginalBug01MaxAgeWithSession(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	if end := browser.Authorize(map[string]string{"max_age": "600"}); end.Parameter(t, "code") == "" {
		t.Errorf("a fresh login does not satisfy max_age: %s", end.Location)
	}
	s.Turn(601 * time.Second)
	page := browser.Authorize(map[string]string{"max_age": "600"})
	wantPage(t, page, http.StatusOK, `name="password"`)
	if end := browser.LogIn(page, "alice"); end.Parameter(t, "code") == "" {
		t.Errorf("logging in again does not satisfy max_age: %s", end.Location)
	}
	zero := browser.Authorize(map[string]string{"max_age": "0"})
	wantPage(t, zero, http.StatusOK, `name="password"`)
}

func TestOriginalBug02RequestedSubjectMatches(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	claims := map[string]string{"claims": `{"id_token":{"sub":{"value":"1001"}}}`}
	if end := browser.Authorize(claims); end.Parameter(t, "code") == "" {
		t.Errorf("the requested subject is logged in, yet: %s", end.Location)
	}
	claims["prompt"] = "none"
	if end := browser.Authorize(claims); end.Parameter(t, "code") == "" {
		t.Errorf("prompt=none with the requested subject logged in: %s", end.Location)
	}
	claims["claims"] = `{"id_token":{"sub":{"value":"1002"}}}`
	if end := browser.Authorize(claims); end.Parameter(t, "error") != "login_required" {
		t.Errorf("prompt=none with another subject logged in: %s", end.Location)
	}
}

func TestOriginalBug03RequestedSubjectIsEnforced(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Authorize(map[string]string{"claims": `{"id_token":{"sub":{"value":"1001"}}}`})
	wantPage(t, page, http.StatusOK, `name="password"`)
	wrong := browser.LogIn(page, "bob")
	wantPage(t, wrong, http.StatusForbidden, "another account")
	if end := browser.LogIn(wrong, "alice"); end.Parameter(t, "code") == "" {
		t.Errorf("the requested subject cannot log in: %s", end.Location)
	}
}

func TestOriginalBug04TabsDoNotMix(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	s.Client(t, func(c *authlete.Client) {
		c.ClientIDAlias, c.ClientName, c.RedirectURIs = "other", "Other App", []string{"https://other.example.com/cb"}
	})
	first := browser.Authorize(map[string]string{"state": "first"})
	second := browser.Authorize(map[string]string{"state": "second", "client_id": "other", "redirect_uri": "https://other.example.com/cb"})
	end := browser.LogIn(first, "alice")
	if end.Location == nil || end.Location.Host != "app.example.com" || end.Parameter(t, "state") != "first" {
		t.Errorf("the first tab ended at %s", end.Location)
	}
	// The second page asked to log in; it is drawn again for who is logged in now.
	end = browser.Submit(browser.Submit(second, map[string]string{"authorized": "yes"}), map[string]string{"authorized": "yes"})
	if end.Location == nil || end.Location.Host != "other.example.com" || end.Parameter(t, "state") != "second" {
		t.Errorf("the second tab ended at %v", end.Location)
	}
}

func TestOriginalBug05ColonInSecret(t *testing.T) {
	t.Parallel()
	s, client, _ := start(t)
	secret := "se:cret:with:colons:0123456789"
	if _, err := s.Engine.ClientSecretUpdate(t.Context(), "app", &authlete.ClientSecretUpdateRequest{ClientSecret: secret}); err != nil {
		t.Fatal(err)
	}
	status, _, answer := post(t, s, "/api/token", url.Values{"grant_type": {"client_credentials"}}, client.ClientIDAlias, secret)
	if status != http.StatusOK {
		t.Errorf("status %d: %v", status, answer)
	}
}

func TestOriginalBug06RevocationBodyIsEmpty(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	tokens := exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), client)
	status, header, answer := post(t, s, "/api/revocation", url.Values{"token": {tokens["access_token"].(string)}}, "app", client.ClientSecret)
	if status != http.StatusOK || len(answer) != 0 || header.Get("Content-Length") != "0" || header.Get("Content-Type") != "" {
		t.Errorf("status %d, headers %v, body %v", status, header, answer)
	}
	if info := get(t, s, "/api/userinfo", tokens["access_token"].(string)); info["status"] != float64(401) {
		t.Errorf("the revoked token works: %v", info)
	}
}

func TestOriginalBug07IDTokenReissuable(t *testing.T) {
	t.Parallel()
	s := startScripted(t, &scripted{token: func(*authlete.TokenRequest) (*authlete.TokenResponse, error) {
		return &authlete.TokenResponse{Action: authlete.TokenIDTokenReissuable, ResponseContent: `{"access_token":"x"}`}, nil
	}})
	status, _, answer := post(t, s, "/api/token", url.Values{"grant_type": {"refresh_token"}}, "app", "secret")
	if status != http.StatusOK || answer["access_token"] != "x" {
		t.Errorf("status %d: %v", status, answer)
	}
}

func TestOriginalBug08UnknownEnumValues(t *testing.T) {
	t.Parallel()
	s := startScripted(t, &scripted{authorization: func(*authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
		return &authlete.AuthorizationResponse{
			Action: authlete.AuthorizationInteraction, Ticket: "t", Display: "HOLOGRAM", Prompts: []authlete.Prompt{"DANCE"},
			Client: &authlete.Client{ClientName: "Newer", ClientType: "QUANTUM"}, Service: &authlete.Service{ServiceName: "Newer"},
		}, nil
	}})
	wantPage(t, s.NewBrowser(t).Authorize(nil), http.StatusOK, "Newer asks for access")
}

func TestOriginalBug09BackendDown(t *testing.T) {
	t.Parallel()
	down := errors.New("dial tcp 10.1.2.3:443: connection refused by internal-host")
	s := startScripted(t, &scripted{
		token:         func(*authlete.TokenRequest) (*authlete.TokenResponse, error) { return nil, down },
		authorization: func(*authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) { return nil, down },
		configuration: func() ([]byte, error) { return nil, down },
	})
	status, header, answer := post(t, s, "/api/token", url.Values{"grant_type": {"client_credentials"}}, "app", "secret")
	if status != http.StatusServiceUnavailable || answer["error"] != "temporarily_unavailable" || header.Get("Retry-After") == "" {
		t.Errorf("token: status %d, %v", status, answer)
	}
	browser := s.NewBrowser(t)
	for _, page := range []servertest.Page{browser.Authorize(nil), browser.Get("/.well-known/openid-configuration")} {
		if page.Status != http.StatusServiceUnavailable || strings.Contains(page.Body, "internal-host") {
			t.Errorf("status %d, body %s", page.Status, page.Body)
		}
	}
	if !strings.Contains(s.Log(), "internal-host") {
		t.Error("the cause is not in the log")
	}
}

func TestOriginalBug10PostedRequest(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Post("/api/authorization", servertest.Query(nil))
	if end := browser.LogIn(page, "alice"); end.Parameter(t, "code") == "" {
		t.Errorf("a posted request ends at %s", end.Location)
	}
	// Logged in now: another site's post must see the session.
	if end := browser.Post("/api/authorization", servertest.Query(nil)); end.Parameter(t, "code") == "" {
		t.Errorf("a posted request with a session ends at %s", end.Location)
	}
}

func TestOriginalBug11DenyDoesNotLogIn(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	end := browser.Submit(browser.Authorize(nil), map[string]string{"username": "alice", "password": servertest.Password, "denied": "yes"})
	if end.Parameter(t, "error") != "access_denied" {
		t.Errorf("deny ends at %s", end.Location)
	}
	if end := browser.Authorize(map[string]string{"prompt": "none"}); end.Parameter(t, "error") != "login_required" {
		t.Errorf("deny has logged somebody in: %s", end.Location)
	}
}

func TestOriginalBug12WrongPassword(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Authorize(nil)
	messages := map[string]bool{}
	for _, username := range []string{"alice", "nobody", "carol"} { // right name, unknown name, disabled
		page = browser.Submit(page, map[string]string{"username": username, "password": "wrong", "authorized": "yes"})
		wantPage(t, page, http.StatusForbidden, `role="alert"`)
		_, message, _ := strings.Cut(page.Body, `role="alert"`)
		message, _, _ = strings.Cut(message, "</p>")
		messages[message] = true
	}
	if len(messages) != 1 {
		t.Errorf("the messages tell accounts apart: %v", messages)
	}
	if end := browser.LogIn(page, "bob"); end.Parameter(t, "code") == "" {
		t.Errorf("the flow cannot go on after a wrong password: %s", end.Location)
	}
	page = browser.Authorize(map[string]string{"prompt": "login"})
	for range 3 {
		page = browser.Submit(page, map[string]string{"username": "alice", "password": "wrong", "authorized": "yes"})
	}
	page = browser.Submit(page, map[string]string{"username": "alice", "password": servertest.Password, "authorized": "yes"})
	wantPage(t, page, http.StatusTooManyRequests, "Too many attempts")
	if _, err := strconv.Atoi(page.Header.Get("Retry-After")); err != nil {
		t.Errorf("Retry-After: %v", err)
	}
}

func TestOriginalBug13TicketIsUsedOnce(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	page := browser.Authorize(nil)
	if end := browser.LogIn(page, "alice"); end.Parameter(t, "code") == "" {
		t.Fatal("the first submission failed")
	}
	s.Turn(time.Minute) // a double click is another thing
	wantPage(t, browser.LogIn(page, "alice"), http.StatusBadRequest, "used already")
	// The page asked to log in; now it is for who is logged in, and its ticket is used as well.
	again := browser.Submit(page, map[string]string{"authorized": "yes"})
	wantPage(t, browser.Submit(again, map[string]string{"authorized": "yes"}), http.StatusBadRequest, "used already")
}

func TestOriginalBug14PromptNoneNeedsConsent(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	s.Client(t, func(c *authlete.Client) {
		c.ClientIDAlias, c.RedirectURIs = "other", []string{"https://other.example.com/cb"}
	})
	browser.LogIn(browser.Authorize(nil), "alice")
	silent := map[string]string{"prompt": "none", "client_id": "other", "redirect_uri": "https://other.example.com/cb"}
	if end := browser.Authorize(silent); end.Parameter(t, "error") != "consent_required" {
		t.Errorf("a client that nobody allowed got %s", end.Location)
	}
	if end := browser.Authorize(map[string]string{"prompt": "none", "scope": "openid profile email phone"}); end.Parameter(t, "error") != "consent_required" {
		t.Errorf("more scopes than were allowed: %s", end.Location)
	}
	if end := browser.Authorize(map[string]string{"prompt": "none"}); end.Parameter(t, "code") == "" {
		t.Errorf("what was allowed in this session is asked again: %s", end.Location)
	}
}

func TestOriginalBug15IntrospectionCallersAuthenticate(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	form := url.Values{"token": {"x"}}
	for name, credentials := range map[string][2]string{
		"nobody": {"", ""}, "wrong secret": {"api", "wrong"}, "wrong name": {"nobody", servertest.IntrospectionSecret}, "empty secret": {"api", ""},
	} {
		status, header, _ := post(t, s, "/api/introspection", form, credentials[0], credentials[1])
		if status != http.StatusUnauthorized || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if status, _, answer := post(t, s, "/api/introspection", form, "api", servertest.IntrospectionSecret); status != http.StatusOK || answer["active"] != false {
		t.Errorf("the right caller: %d %v", status, answer)
	}
}

func TestOriginalBug16BasicCredentialsAreFormEncoded(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	secret := "100% + more &= 0123456789"
	if _, err := s.Engine.ClientSecretUpdate(t.Context(), "app", &authlete.ClientSecretUpdateRequest{ClientSecret: secret}); err != nil {
		t.Fatal(err)
	}
	if status, _, answer := post(t, s, "/api/token", url.Values{"grant_type": {"client_credentials"}}, "app", secret); status != http.StatusOK {
		t.Errorf("encoded credentials: %d %v", status, answer)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Basic !!!"+base64.StdEncoding.EncodeToString([]byte("app:x")))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("malformed credentials: status %d", response.StatusCode)
	}
}

// TestOriginalBug17ManagementCalls covers the calls that the original's library got wrong.
func TestOriginalBug17ManagementCalls(t *testing.T) {
	t.Parallel()
	s, client, _ := start(t)
	changed, err := s.Engine.ClientSecretUpdate(t.Context(), "app", &authlete.ClientSecretUpdateRequest{ClientSecret: "a-new-secret-of-enough-length"})
	if err != nil || changed.OldClientSecret != client.ClientSecret || changed.NewClientSecret != "a-new-secret-of-enough-length" {
		t.Errorf("imposing a secret: %+v, %v", changed, err)
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if status, _, _ := post(t, s, "/api/token", form, "app", "a-new-secret-of-enough-length"); status != http.StatusOK {
		t.Errorf("the imposed secret: status %d", status)
	}
	if status, _, _ := post(t, s, "/api/token", form, "app", client.ClientSecret); status != http.StatusUnauthorized {
		t.Errorf("the old secret: status %d", status)
	}
}

func TestOriginalBug18UserInfo(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	page := browser.Authorize(map[string]string{"scope": "openid", "claims": `{"userinfo":{"email":null,"name":{"essential":true}}}`})
	tokens := exchange(t, s, browser.LogIn(page, "alice"), client)
	info := get(t, s, "/api/userinfo", tokens["access_token"].(string))
	if info["email"] != "alice@example.com" || info["name"] != "Alice Adams" || info["given_name"] != nil {
		t.Errorf("userinfo = %v", info)
	}
}

func TestOriginalBug19UnknownActionIsWellFormed(t *testing.T) {
	t.Parallel()
	s := startScripted(t, &scripted{token: func(*authlete.TokenRequest) (*authlete.TokenResponse, error) {
		return &authlete.TokenResponse{Action: "TELEPORT", ResponseContent: "secret inside"}, nil
	}})
	status, _, answer := post(t, s, "/api/token", url.Values{"grant_type": {"x"}}, "app", "secret")
	if status != http.StatusInternalServerError || answer["error"] != "server_error" {
		t.Errorf("status %d: %v", status, answer)
	}
	if !strings.Contains(s.Log(), "TELEPORT") {
		t.Error("the log does not name the action")
	}
}

// TestPagesAreProtected: headers that keep pages out of frames, caches and other origins' hands.
func TestPagesAreProtected(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Authorize(nil)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	policy := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "style-src 'sha256-", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || page.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the page is open to others: %v", page.Header)
	}
	stolen := browser.Submit(servertest.Page{Body: `name="interaction" value="` + page.Form(t).Get("interaction") + `x"`}, map[string]string{"authorized": "yes"})
	wantPage(t, stolen, http.StatusBadRequest, "expired")
}

// TestFormIsBoundToTheBrowser: somebody else's form, sent to a victim, does nothing.
func TestFormIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	s, _, attacker := start(t)
	victim := s.NewBrowser(t)
	victim.LogIn(victim.Authorize(nil), "alice")
	page := attacker.Authorize(map[string]string{"state": "attack"})
	wantPage(t, victim.Submit(page, map[string]string{"authorized": "yes"}), http.StatusBadRequest, "expired")
}

// TestRemovedUser: sessions and refresh tokens of a person who is gone are worth nothing.
func TestRemovedUser(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	tokens := exchange(t, s, browser.LogIn(browser.Authorize(nil), "alice"), client)
	s.SetUsers(t, servertest.Bob(t))
	deadline := time.Now().Add(10 * time.Second)
	for {
		end := browser.Authorize(map[string]string{"prompt": "none"})
		if end.Parameter(t, "error") == "login_required" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the session goes on: %s", end.Location)
		}
		time.Sleep(20 * time.Millisecond) // the server notices by itself
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
	asked := url.Values{"token": {tokens["access_token"].(string)}}
	if status, _, answer := post(t, s, "/api/introspection", asked, "api", servertest.IntrospectionSecret); status != http.StatusOK || answer["active"] != false {
		t.Errorf("introspection: %d %v", status, answer)
	}
	status, _, answer := post(t, s, "/api/token", form, "app", client.ClientSecret)
	if status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("refresh: %d %v", status, answer)
	}
	if info := get(t, s, "/api/userinfo", tokens["access_token"].(string)); info["status"] != float64(401) {
		t.Errorf("userinfo: %v", info)
	}
}

// TestFirstPartyClient: no consent is asked for, a login still is.
func TestFirstPartyClient(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	s.Client(t, func(c *authlete.Client) {
		c.Attributes = []authlete.Pair{{Key: authlete.AttributeFirstParty, Value: "true"}}
	})
	browser := s.NewBrowser(t)
	page := browser.Authorize(nil)
	if strings.Contains(page.Body, "Permissions") {
		t.Error("a first-party client asks for permission")
	}
	if end := browser.LogIn(page, "alice"); end.Parameter(t, "code") == "" {
		t.Errorf("login ended at %s", end.Location)
	}
	if end := browser.Authorize(map[string]string{"prompt": "none"}); end.Parameter(t, "code") == "" {
		t.Errorf("prompt=none ended at %s", end.Location)
	}
}

// TestSelectAccount: the chooser offers who is logged in, and another account.
func TestSelectAccount(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	page := browser.Authorize(map[string]string{"prompt": "select_account"})
	wantPage(t, page, http.StatusOK, "Hello Alice Adams")
	wantPage(t, page, http.StatusOK, "Use another account")
	other := browser.Submit(page, map[string]string{"switch": "yes"})
	wantPage(t, other, http.StatusOK, `name="password"`)
	if end := browser.LogIn(other, "bob"); end.Parameter(t, "code") == "" {
		t.Errorf("another account ended at %v", end.Location)
	}
}

// TestMethods: wrong methods get 405 with Allow, unknown paths 404.
func TestMethods(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Get("/api/token")
	if page.Status != http.StatusMethodNotAllowed || page.Header.Values("Allow") == nil {
		t.Errorf("GET /api/token: %d %v", page.Status, page.Header)
	}
	if page := browser.Get("/api/nothing"); page.Status != http.StatusNotFound {
		t.Errorf("GET /api/nothing: %d", page.Status)
	}
}

// TestIssuerWithPath: every endpoint lies below the issuer, RFC 8414's document before its path.
func TestIssuerWithPath(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Issuer += "/tenant" }})
	s.Client(t, nil)
	browser := s.NewBrowser(t)
	for _, path := range []string{"/tenant/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tenant"} {
		wantPage(t, browser.Get(path), http.StatusOK, `"issuer":"`+s.URL+`/tenant"`)
	}
	wantPage(t, browser.Get("/tenant/api/authorization?"+servertest.Query(nil).Encode()), http.StatusOK, "/tenant/api/authorization/decision")
}
