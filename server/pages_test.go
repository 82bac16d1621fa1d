package server_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestPageShowsWhoAsks: everything that a person needs to decide.
func TestPageShowsWhoAsks(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) {
		c.Service.LogoURI = "https://login.example.com/logo.png"
		c.Service.PolicyURI, c.Service.TosURI = "https://login.example.com/privacy", "https://login.example.com/terms"
	}})
	s.Client(t, func(c *authlete.Client) {
		c.ClientName, c.Description = "<b>Bold</b> & Co", `"quoted"`
		c.LogoURI, c.ClientURI = "https://app.example.com/logo.png", "https://app.example.com"
		c.PolicyURI, c.TosURI = "https://app.example.com/privacy", "https://app.example.com/terms"
	})
	browser := s.NewBrowser(t)
	page := browser.Authorize(map[string]string{
		"scope": "openid profile", "claims": `{"id_token":{"email":null,"favorite_color":null,"name#de":null}}`, "ui_locales": "de fr", "display": "popup",
	})
	for _, want := range []string{
		"Example Login", "https://login.example.com/logo.png", "https://login.example.com/privacy", "https://login.example.com/terms",
		html.EscapeString("<b>Bold</b> & Co"), "https://app.example.com/logo.png", `href="https://app.example.com"`, "https://app.example.com/privacy",
		"https://app.example.com/terms", "openid", "profile", "Email address", "favorite_color", "Full name (de)", "app.example.com", `lang="en"`,
		`autocomplete="username"`, `autocomplete="current-password"`, `<label for="username"`, `<label for="password"`, `name="authorized"`, `name="denied"`,
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if strings.Contains(page.Body, "<b>") || strings.Contains(page.Body, "<script") {
		t.Error("the client's name is not escaped, or there is a script")
	}
	browser.LogIn(page, "alice")
	known := browser.Authorize(map[string]string{"prompt": "consent"})
	for _, want := range []string{"Hello Alice Adams", "(alice)", "Use another account"} {
		if !strings.Contains(known.Body, want) {
			t.Errorf("the page of somebody who is logged in does not show %q", want)
		}
	}
}

// TestTicketStaysInside: what stands for the request at the backend never reaches the browser.
func TestTicketStaysInside(t *testing.T) {
	t.Parallel()
	s := startScripted(t, &scripted{authorization: func(*authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
		return &authlete.AuthorizationResponse{Action: authlete.AuthorizationInteraction, Ticket: "the-ticket-in-clear"}, nil
	}})
	page := s.NewBrowser(t).Authorize(nil)
	if strings.Contains(page.Body+strings.Join(page.Header.Values("Set-Cookie"), ""), "the-ticket-in-clear") || strings.Contains(s.Log(), "the-ticket-in-clear") {
		t.Error("the ticket is in the page, a cookie or the log")
	}
}

// TestWayBack: a page that was used or has expired leads back to the application.
func TestWayBack(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	s.Client(t, func(c *authlete.Client) { c.ClientURI = "https://app.example.com/home" })
	browser := s.NewBrowser(t)
	page := browser.Authorize(nil)
	end := browser.LogIn(page, "alice")
	if end.Status != http.StatusSeeOther {
		t.Errorf("the redirect after the form has status %d, want 303", end.Status)
	}
	s.Turn(time.Minute) // a double click is another thing
	again := browser.LogIn(page, "alice")
	wantPage(t, again, http.StatusBadRequest, "used already")
	if !strings.Contains(again.Body, `href="https://app.example.com/home"`) {
		t.Errorf("granted again: no way back:\n%s", again.Body)
	}
	for range 2 { // a refusal uses nothing up
		if denied := browser.Submit(page, map[string]string{"denied": "yes"}); denied.Parameter(t, "error") != "access_denied" {
			t.Errorf("denied after all: %d %s", denied.Status, denied.Location)
		}
	}
	late := browser.Authorize(map[string]string{"prompt": "login"})
	s.Turn(15*time.Minute + time.Second)
	got := browser.LogIn(late, "alice")
	wantPage(t, got, http.StatusBadRequest, "expired")
	if !strings.Contains(got.Body, `href="https://app.example.com/home"`) {
		t.Errorf("expired: no way back:\n%s", got.Body)
	}
	stranger := s.NewBrowser(t).Submit(late, map[string]string{"authorized": "yes"})
	if strings.Contains(stranger.Body, "https://app.example.com/home") {
		t.Error("another browser's form is opened")
	}
}

// TestRefusedRequest: the reason is shown to people as a page and to programs as JSON, and never sent to the redirect URI.
func TestRefusedRequest(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	bad := map[string]string{"redirect_uri": "https://evil.example.com/<script>alert(1)</script>"}
	page := browser.Authorize(bad)
	wantPage(t, page, http.StatusBadRequest, "cannot be processed")
	if page.Location != nil || strings.Contains(page.Body, "<script>") {
		t.Errorf("location %v, body\n%s", page.Location, page.Body)
	}
	got := send(t, s, http.MethodGet, "/api/authorization?"+servertest.Query(bad).Encode(), nil, "", "", "Accept", "application/json")
	isJSON := got.Header.Get("Content-Type") == "application/json" && strings.Contains(got.body, `"error":"invalid_request"`)
	if got.StatusCode != http.StatusBadRequest || !isJSON {
		t.Errorf("as JSON: %d %s", got.StatusCode, got.body)
	}
}

// TestPostedFromAnotherSite: browsers send no SameSite=Lax cookies with such a post, so that it comes back as a GET, which
// sees the session. What was posted is in no URL.
func TestPostedFromAnotherSite(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	got := send(t, s, http.MethodPost, "/api/authorization", servertest.Query(map[string]string{"state": "private-state"}), "", "")
	location := got.Header.Get("Location")
	if got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, "/api/authorization?parked=") || strings.Contains(location, "private-state") {
		t.Fatalf("the post is answered with %d %s", got.StatusCode, location)
	}
	if cookies := got.Header.Values("Set-Cookie"); len(cookies) != 0 {
		t.Errorf("it would replace the cookies that were not sent: %v", cookies)
	}
	if end := browser.Get(location); end.Parameter(t, "code") == "" || end.Parameter(t, "state") != "private-state" {
		t.Errorf("the session was not seen: %v", end.Location)
	}
	wantPage(t, browser.Get(location+"x"), http.StatusBadRequest, "expired")
	s.Turn(15*time.Minute + time.Second)
	wantPage(t, browser.Get(location), http.StatusBadRequest, "expired")
	large := send(t, s, http.MethodPost, "/api/authorization", servertest.Query(map[string]string{"unknown": strings.Repeat("s", 8000)}), "", "")
	if large.StatusCode != http.StatusOK || !strings.Contains(large.body, `name="password"`) {
		t.Errorf("a large request: %d", large.StatusCode)
	}
}

// TestSessionFixation: a login starts a new session whatever cookie there was, and denying changes nothing.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	sessionCookie := func(page servertest.Page) string {
		for _, line := range page.Header.Values("Set-Cookie") {
			if strings.Contains(line, "authserver_session") {
				if !strings.Contains(line, "HttpOnly") || !strings.Contains(line, "SameSite=Lax") || !strings.Contains(line, "Path=/") {
					t.Errorf("the cookie is not protected: %s", line)
				}
				return line
			}
		}
		return ""
	}
	first := sessionCookie(browser.LogIn(browser.Authorize(nil), "alice"))
	second := sessionCookie(browser.LogIn(browser.Authorize(map[string]string{"prompt": "login"}), "alice"))
	if first == "" || first == second {
		t.Errorf("two logins have the sessions %q and %q", first, second)
	}
	denied := browser.Submit(browser.Authorize(map[string]string{"prompt": "consent"}), map[string]string{"denied": "yes"})
	if sessionCookie(denied) != "" || denied.Parameter(t, "error") != "access_denied" {
		t.Errorf("denying: %v", denied.Location)
	}
}

// TestPasswordChange ends sessions.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	alice := servertest.Alice(t)
	alice.PasswordHash = "$2a$04$zzzzzzzzzzzzzzzzzzzzzuzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
	s.SetUsers(t, alice)
	awaitUsers(t, s, 1)
	if end := browser.Authorize(map[string]string{"prompt": "none"}); end.Parameter(t, "error") != "login_required" {
		t.Errorf("the session goes on: %v", end.Location)
	}
}

// TestIdleSession: a session ends when it is not used.
func TestIdleSession(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	silent := map[string]string{"prompt": "none"}
	for range 3 {
		s.Turn(50 * time.Minute)
		if end := browser.Authorize(silent); end.Parameter(t, "code") == "" {
			t.Fatalf("a session in use has ended: %v", end.Location)
		}
	}
	s.Turn(61 * time.Minute)
	if end := browser.Authorize(silent); end.Parameter(t, "error") != "login_required" {
		t.Errorf("an idle session goes on: %v", end.Location)
	}
}

// TestConsentAlways asks each time, so that prompt=none cannot succeed.
func TestConsentAlways(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) { c.Session.Consent = configv1alpha1.ConsentAlways }})
	s.Client(t, nil)
	browser := s.NewBrowser(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	wantPage(t, browser.Authorize(nil), http.StatusOK, "asks for access")
	if end := browser.Authorize(map[string]string{"prompt": "none"}); end.Parameter(t, "error") != "consent_required" {
		t.Errorf("prompt=none ended at %v", end.Location)
	}
}

// TestNoButton: a form that says neither yes nor no grants nothing.
func TestNoButton(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Authorize(map[string]string{"prompt": "login consent"})
	page = browser.Submit(page, map[string]string{"username": "alice", "password": servertest.Password})
	wantPage(t, page, http.StatusOK, "Hello Alice Adams")
	if end := browser.Submit(page, map[string]string{"authorized": "yes"}); end.Parameter(t, "code") == "" {
		t.Errorf("the decision after it: %v", end.Location)
	}
}

// TestEmptyFields: no attempt is counted for a form that was not filled in.
func TestEmptyFields(t *testing.T) {
	t.Parallel()
	_, _, browser := start(t)
	page := browser.Authorize(nil)
	for range 5 {
		page = browser.Submit(page, map[string]string{"username": "alice", "password": "", "authorized": "yes"})
		wantPage(t, page, http.StatusForbidden, "Please enter")
	}
	if end := browser.LogIn(page, "alice"); end.Parameter(t, "code") == "" {
		t.Errorf("login ended at %v", end.Location)
	}
}

// TestUnusableHash: a hash that cannot be verified looks like a wrong password, and is reported.
func TestUnusableHash(t *testing.T) {
	t.Parallel()
	s, _, browser := start(t)
	alice := servertest.Alice(t)
	alice.PasswordHash = "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
	s.SetUsers(t, alice)
	awaitUsers(t, s, 1)
	wantPage(t, browser.LogIn(browser.Authorize(nil), "alice"), http.StatusForbidden, "not correct")
	if !strings.Contains(s.Log(), "password hash cannot be used") || strings.Contains(s.Log(), "c2FsdHNhbHRzYWx0") {
		t.Errorf("the log: %s", s.Log())
	}
}

// TestClaimsReachTheClient: values of the ID token, by language, and of userinfo.
func TestClaimsReachTheClient(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	page := browser.Authorize(map[string]string{
		"scope": "openid", "claims": `{"id_token":{"name":null,"email_verified":null,"phone_number":null},"userinfo":{"given_name":null}}`,
	})
	tokens := exchange(t, s, browser.LogIn(page, "alice"), client)
	claims := idTokenClaims(t, tokens)
	if claims["name"] != "Alice Adams" || claims["email_verified"] != true || claims["phone_number"] != nil || claims["sub"] != "1001" {
		t.Errorf("ID token: %v", claims)
	}
	if info := get(t, s, "/api/userinfo", tokens["access_token"].(string)); info["given_name"] != "Alice" || info["name"] != nil {
		t.Errorf("userinfo: %v", info)
	}
	form := send(t, s, http.MethodPost, "/api/userinfo", url.Values{"access_token": {tokens["access_token"].(string)}}, "", "")
	if form.StatusCode != http.StatusOK || !strings.Contains(form.body, `"given_name":"Alice"`) {
		t.Errorf("userinfo by form: %d %s", form.StatusCode, form.body)
	}
	for name, authorization := range map[string]string{"none": "", "another scheme": "Basic YTpi", "empty": "Bearer ", "wrong": "Bearer x"} {
		got := send(t, s, http.MethodGet, "/api/userinfo", nil, "", "", "Authorization", authorization)
		if got.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("userinfo, authorization %s: %d %v", name, got.StatusCode, got.Header)
		}
	}
}

// TestPasswordGrant: off unless switched on; the same checks as on the page.
func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Configure: func(c *configv1alpha1.ServerConfig) {
		c.Service.GrantTypes = []string{"authorization_code", "password"}
	}})
	client := s.Client(t, func(c *authlete.Client) { c.GrantTypes = []authlete.GrantType{authlete.GrantPassword} })
	grant := func(username, password string) (int, map[string]any) {
		form := url.Values{"grant_type": {"password"}, "username": {username}, "password": {password}}
		status, _, answer := post(t, s, "/api/token", form, "app", client.ClientSecret)
		return status, answer
	}
	if status, answer := grant("alice", servertest.Password); status != http.StatusOK || answer["access_token"] == nil {
		t.Errorf("right password: %d %v", status, answer)
	}
	messages := map[any]bool{}
	for _, username := range []string{"alice", "nobody", "carol", "alice", "alice", "alice"} { // the last ones are throttled
		status, answer := grant(username, "wrong")
		if status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
			t.Errorf("%s, wrong password: %d %v", username, status, answer)
		}
		messages[answer["error_description"]] = true
	}
	if status, _ := grant("alice", servertest.Password); status != http.StatusBadRequest {
		t.Errorf("a throttled account: %d", status)
	}
	if len(messages) != 1 {
		t.Errorf("the messages tell accounts apart: %v", messages)
	}
	if strings.Contains(s.Log(), servertest.Password) {
		t.Error("the password is in the log")
	}
}

// TestEssentialClass: a login that this server cannot vouch for is not asked for in vain.
func TestEssentialClass(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Backend: func(engine authlete.Runtime) authlete.Runtime {
		return &scripted{Runtime: engine, authorization: func(req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
			response, err := engine.Authorization(t.Context(), req)
			if err == nil {
				response.Acrs, response.AcrEssential = []string{"urn:mace:incommon:iap:silver"}, true
			}
			return response, err
		}}
	}})
	s.Client(t, nil)
	for _, prompt := range []string{"", "login"} {
		end := s.NewBrowser(t).Authorize(map[string]string{"prompt": prompt})
		if got := end.Parameter(t, "error"); got != "unmet_authentication_requirements" {
			t.Errorf("prompt %q: error %q", prompt, got)
		}
	}
}

// TestMalformedCredentials: what cannot be decoded is no client, at every endpoint that takes credentials.
func TestMalformedCredentials(t *testing.T) {
	t.Parallel()
	s, client, _ := start(t)
	for path, realm := range map[string]string{"/api/token": "token", "/api/revocation": "revocation", "/api/introspection": "introspection"} {
		for _, header := range []string{"Basic ***", "Basic " + "YXBw", "Basic Og=="} {
			got := send(t, s, http.MethodPost, path, url.Values{"token": {"x"}}, "", "", "Authorization", header)
			if got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") != `Basic realm="`+realm+`"` ||
				!strings.Contains(got.body, `"error":"invalid_client"`) {
				t.Errorf("%s with %q: %d %v %s", path, header, got.StatusCode, got.Header, got.body)
			}
		}
	}
	inBody := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"wrong"}}
	if got := send(t, s, http.MethodPost, "/api/token", inBody, "", ""); got.StatusCode != http.StatusBadRequest || got.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("a wrong secret in the body: %d %v", got.StatusCode, got.Header)
	}
	inURL := "/api/token?" + url.Values{"client_id": {"app"}, "client_secret": {client.ClientSecret}}.Encode()
	if got := send(t, s, http.MethodPost, inURL, url.Values{"grant_type": {"client_credentials"}}, "", ""); got.StatusCode == http.StatusOK {
		t.Error("credentials in the URL are accepted")
	}
	if strings.Contains(s.Log(), client.ClientSecret) {
		t.Error("a secret is in the log")
	}
}
