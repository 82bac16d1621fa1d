package engine_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/test/openapi"
)

// TestContract holds all that our client and the engine say to each other against the published description of the API.
func TestContract(t *testing.T) {
	t.Parallel()
	for version, name := range map[credentials.Version]string{credentials.V2: openapi.V2, credentials.V3: openapi.V3} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			document := openapi.Load(t, name)
			document.Users = map[string]string{"ServiceCredentials": "1", "ServiceOwnerCredentials": "2"}
			c := &contract{
				document: document, exceptions: openapi.NewExceptions(document, contractExceptions()),
				as: credentials.Credentials{
					Version: version, ServiceID: "1", AccessToken: "token", APISecret: "secret", OwnerKey: "2", OwnerSecret: "owner-secret",
				},
			}
			flows := c.flows(t)
			refusals, examples := c.refusals(t, flows), c.examples(t)
			t.Run("requests", func(t *testing.T) { c.check(t, flows, document.CheckRequest) })
			t.Run("responses", func(t *testing.T) { c.check(t, flows, document.CheckResponse) })
			t.Run("refusals", func(t *testing.T) { c.check(t, refusals, document.CheckResponse) })
			t.Run("examples", func(t *testing.T) { c.check(t, examples, document.CheckResponse) })
			t.Run("coverage", func(t *testing.T) { c.coverage(t, slices.Concat(flows, refusals)) })
			for _, err := range c.exceptions.Unused() {
				t.Error(err)
			}
		})
	}
}

// contract is the test in one dialect.
type contract struct {
	document   *openapi.Document
	exceptions *openapi.Exceptions
	as         credentials.Credentials
}

// server serves an engine in the dialect.
func (c *contract) server(t *testing.T, e *engine.Engine) (string, *credentials.Credentials) {
	t.Helper()
	as := c.as
	server := httptest.NewServer(httpapi.New(httpapi.Options{
		Backend: e, Credentials: func() []*credentials.Credentials { return []*credentials.Credentials{&as} }, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(server.Close)
	as.BaseURL = server.URL
	return server.URL, &as
}

// flows records the suite of the engine's behavior, and what it leaves out.
func (c *contract) flows(t *testing.T) []openapi.Exchange {
	t.Helper()
	recorder := &openapi.Recorder{Next: http.DefaultTransport}
	start := func(t *testing.T, service authlete.Service) enginetest.Backend {
		t.Helper()
		clock := enginetest.NewClock()
		_, as := c.server(t, open(t, clock, engine.Storage{}, service))
		client := httpclient.New(httpclient.Options{
			Clock: time.Now, Credentials: func() *credentials.Credentials { return as },
			HTTP: &http.Client{Transport: recorder, Timeout: 10 * time.Second},
		})
		return enginetest.Backend{Runtime: client, Management: client, Clock: clock}
	}
	t.Run("suite", func(t *testing.T) { enginetest.Run(t, start) })
	t.Run("more", func(t *testing.T) { more(t, start(t, enginetest.Service())) })
	return recorder.Exchanges()
}

// more makes calls for answers that the suite has no use for.
func more(t *testing.T, b enginetest.Backend) {
	t.Helper()
	ctx := t.Context()
	client, err := b.ClientCreate(ctx, &authlete.Client{
		ClientIDAlias: "rich", ClientName: "Rich", Developer: "default/rich", Contacts: []string{"owner@example.com"},
		RedirectURIs: []string{"https://app.example.com/callback"}, ApplicationType: authlete.ApplicationWeb,
		GrantTypes:    []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantClientCredentials},
		ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
		DefaultAcrs:   []string{"urn:acr:otp"}, DefaultMaxAge: 600, PolicyURI: "https://app.example.com/policy",
		Attributes: []authlete.Pair{{Key: authlete.AttributeFirstParty, Value: "true"}},
		Extension: &authlete.ClientExtension{
			RequestableScopesEnabled: true, RequestableScopes: []string{"openid", "read"}, AccessTokenDuration: 60, RefreshTokenDuration: 600,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, req := range map[authlete.UserInfoIssueAction]*authlete.UserInfoIssueRequest{
		authlete.UserInfoIssueBadRequest:          {},
		authlete.UserInfoIssueForbidden:           {Token: granted(t, b, client, "read")},
		authlete.UserInfoIssueInternalServerError: {Token: granted(t, b, client, "openid read"), Claims: "[]"},
	} {
		if issued, err := b.UserInfoIssue(ctx, req); err != nil || issued.Action != want {
			t.Errorf("userinfo: %v, %v, want %s", issued, err, want)
		}
	}
	failed, err := b.TokenFail(ctx, &authlete.TokenFailRequest{Ticket: "none", Reason: authlete.TokenFailUnknown})
	if err != nil || failed.Action != authlete.TokenFailInternalServerError {
		t.Errorf("token fail: %v, %v", failed, err)
	}
}

// granted returns an access token of an end-user.
func granted(t *testing.T, b enginetest.Backend, client *authlete.Client, scope string) string {
	t.Helper()
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // of RFC 7636
	parameters := url.Values{
		"response_type": {"code"}, "client_id": {client.ClientIDAlias}, "scope": {scope}, "redirect_uri": client.RedirectURIs,
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "ui_locales": {"en"}, "claims_locales": {"de"},
	}
	asked, err := b.Authorization(t.Context(), &authlete.AuthorizationRequest{Parameters: parameters.Encode(), Context: "context"})
	if err != nil || asked.Action != authlete.AuthorizationInteraction {
		t.Fatalf("authorization: %v, %v", asked, err)
	}
	issued, err := b.AuthorizationIssue(t.Context(), &authlete.AuthorizationIssueRequest{
		Ticket: asked.Ticket, Subject: "1001", Sub: "pairwise", AuthTime: b.Clock.Now().Unix(), Acr: "urn:acr:otp", Claims: `{"name":"Alice"}`,
	})
	if err != nil || issued.Action != authlete.AuthorizationIssueLocation {
		t.Fatalf("issue: %v, %v", issued, err)
	}
	parameters = url.Values{
		"grant_type": {"authorization_code"}, "code": {issued.AuthorizationCode}, "redirect_uri": client.RedirectURIs, "code_verifier": {verifier},
	}
	tokens, err := b.Token(t.Context(), &authlete.TokenRequest{
		Parameters: parameters.Encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret,
	})
	if err != nil || tokens.Action != authlete.TokenOK {
		t.Fatalf("token: %v, %v", tokens, err)
	}
	return tokens.AccessToken
}

// refusals records the answers to calls that went wrong: one that went well, of each operation, is made to fail in all ways.
func (c *contract) refusals(t *testing.T, flows []openapi.Exchange) []openapi.Exchange {
	t.Helper()
	recorder := &openapi.Recorder{Next: http.DefaultTransport}
	address, _ := c.server(t, open(t, enginetest.NewClock(), engine.Storage{}, enginetest.Service()))
	broken, _ := c.server(t, closed(t))
	for name, sample := range c.samples(t, flows) {
		c.repeat(t, recorder, address, sample, []int{http.StatusUnauthorized}, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer wrong")
		})
		for _, body := range []string{"", "{", "[]"} {
			if len(sample.RequestBody) > 0 {
				c.repeat(t, recorder, address, sample, []int{http.StatusBadRequest}, func(r *http.Request) { withBody(r, body) })
			}
		}
		if len(sample.RequestBody) > 0 {
			c.repeat(t, recorder, address, sample, []int{http.StatusRequestEntityTooLarge}, func(r *http.Request) {
				withBody(r, strings.Repeat(" ", 2<<20))
			})
		}
		if strings.HasSuffix(sample.Request.URL.Path, "/list") {
			c.repeat(t, recorder, address, sample, []int{http.StatusBadRequest}, func(r *http.Request) { r.URL.RawQuery = "start=x" })
		}
		if strings.Contains(name, " client/") && !strings.HasSuffix(name, "/create") && !strings.HasSuffix(name, "/list") {
			c.repeat(t, recorder, address, sample, []int{http.StatusNotFound}, func(*http.Request) {}) // of another engine's client
		}
		c.repeat(t, recorder, broken, sample, []int{http.StatusInternalServerError, http.StatusOK}, func(*http.Request) {})
	}
	return recorder.Exchanges()
}

// examples records the answers to the documents' own examples of all operations: those that our client makes, those that the
// engine answers to others, and those that it does not have.
func (c *contract) examples(t *testing.T) []openapi.Exchange {
	t.Helper()
	e := open(t, enginetest.NewClock(), engine.Storage{}, enginetest.Service())
	if _, err := e.ClientCreate(t.Context(), &authlete.Client{
		ClientIDAlias: "app", RedirectURIs: []string{"https://app.example.com/callback"}, GrantTypes: []authlete.GrantType{authlete.GrantClientCredentials},
	}); err != nil {
		t.Fatal(err)
	}
	examples, err := c.document.Examples(map[string]string{
		"serviceId": "1", "serviceApiKey": "1", "clientId": "app", "clientIdentifier": "app",
	})
	if err != nil || len(examples) < 60 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	recorder := &openapi.Recorder{Next: http.DefaultTransport}
	address, _ := c.server(t, e)
	answers := []int{
		http.StatusOK, http.StatusNoContent, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusConflict,
	}
	for _, example := range examples {
		c.repeat(t, recorder, address, example, answers, c.authenticate)
	}
	if served := c.samples(t, recorder.Exchanges()); len(served) < 10 {
		t.Errorf("only %d examples were served", len(served))
	}
	return recorder.Exchanges()
}

// authenticate puts credentials on a request. In the API 2.x those of the owner are for the service, but for its documents.
func (c *contract) authenticate(r *http.Request) {
	call, ofService := strings.CutPrefix(r.URL.Path, "/api/service/")
	switch {
	case c.as.Version == credentials.V3:
		r.Header.Set("Authorization", "Bearer "+c.as.AccessToken)
	case ofService && call != "jwks/get" && call != "configuration":
		r.SetBasicAuth(c.as.OwnerKey, c.as.OwnerSecret)
	default:
		r.SetBasicAuth(c.as.ServiceID, c.as.APISecret)
	}
}

// samples returns a successful exchange of each operation.
func (c *contract) samples(t *testing.T, flows []openapi.Exchange) map[string]openapi.Exchange {
	t.Helper()
	samples := map[string]openapi.Exchange{}
	for _, exchange := range flows {
		name, err := c.document.Operation(exchange.Request)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, ok := samples[name]; !ok && exchange.Status < 300 {
			samples[name] = exchange
		}
	}
	return samples
}

// repeat makes the request of an exchange once more, changed and to another server, and checks the status of the answer.
func (c *contract) repeat(
	t *testing.T, recorder *openapi.Recorder, address string, sample openapi.Exchange, statuses []int, change func(*http.Request),
) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), sample.Request.Method, address+sample.Request.URL.RequestURI(), bytes.NewReader(sample.RequestBody))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = sample.Request.Header.Clone()
	change(request)
	response, err := recorder.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if !slices.Contains(statuses, response.StatusCode) {
		t.Errorf("%s %s: %s, want one of %d", request.Method, request.URL.Path, response.Status, statuses)
	}
}

func withBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// closed returns an engine whose storage is gone.
func closed(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{
		Storage: engine.Storage{SQLitePath: filepath.Join(t.TempDir(), "engine.db")}, KEK: bytes.Repeat([]byte{7}, 32),
		Service: enginetest.Service(), SigningAlgorithm: "ES256", Publish: time.Hour,
		Clock: enginetest.NewClock().Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = e.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (c *contract) check(t *testing.T, exchanges []openapi.Exchange, with func(*openapi.Exchange) []openapi.Finding) {
	t.Helper()
	if len(exchanges) == 0 {
		t.Fatal("nothing was recorded")
	}
	var findings []openapi.Finding
	for i := range exchanges {
		findings = append(findings, with(&exchanges[i])...)
	}
	c.exceptions.Report(t, findings)
}

// coverage checks that every method was called and that every action was seen, but for those that the engine never gives.
func (c *contract) coverage(t *testing.T, exchanges []openapi.Exchange) {
	t.Helper()
	constants, err := openapi.Enumerations(filepath.Join("..", "..", "internal", "authlete"))
	if err != nil {
		t.Fatal(err)
	}
	operations, never := operationsOfMethods(), actionsNeverGiven()
	seen := c.actions(t, exchanges)
	for _, of := range []reflect.Type{reflect.TypeFor[authlete.Runtime](), reflect.TypeFor[authlete.Management]()} {
		for method := range of.Methods() {
			operation, ok := operations[method.Name]
			if !ok {
				t.Errorf("%s has no operation in this test", method.Name)
			}
			if _, called := seen[operation]; !called {
				t.Errorf("%s was never called", operation)
			}
			for _, action := range constants[actionType(method.Type)] {
				given, excluded := slices.Contains(seen[operation], action), slices.Contains(never[operation], action)
				switch {
				case !given && !excluded:
					t.Errorf("%s never answered %s", operation, action)
				case given && excluded:
					t.Errorf("%s answered %s, which is listed as an action that it never gives", operation, action)
				}
			}
		}
	}
}

// actions are the actions that were answered by operation.
func (c *contract) actions(t *testing.T, exchanges []openapi.Exchange) map[string][]string {
	t.Helper()
	seen := map[string][]string{}
	for _, exchange := range exchanges {
		operation, err := c.document.Operation(exchange.Request)
		if err != nil {
			continue // reported where requests are checked
		}
		var answer struct {
			Action string `json:"action"`
		}
		if exchange.Status == http.StatusOK {
			if err := json.Unmarshal(exchange.Body, &answer); err != nil {
				t.Errorf("%s: %v", operation, err)
			}
		}
		seen[operation] = append(seen[operation], answer.Action)
	}
	return seen
}

// actionType is the name of the type of the action in a method's response; empty if it has none.
func actionType(method reflect.Type) string {
	response := method.Out(0)
	if response.Kind() != reflect.Pointer {
		return ""
	}
	field, _ := response.Elem().FieldByName("Action")
	if field.Type == nil {
		return ""
	}
	return field.Type.Name()
}

// operationsOfMethods are the operations of the contract's methods, without what the dialects put around them.
func operationsOfMethods() map[string]string {
	return map[string]string{
		"Authorization": "POST auth/authorization", "AuthorizationIssue": "POST auth/authorization/issue",
		"AuthorizationFail": "POST auth/authorization/fail",
		"Token":             "POST auth/token", "TokenIssue": "POST auth/token/issue", "TokenFail": "POST auth/token/fail",
		"Revocation": "POST auth/revocation", "Introspection": "POST auth/introspection",
		"StandardIntrospection": "POST auth/introspection/standard",
		"UserInfo":              "POST auth/userinfo", "UserInfoIssue": "POST auth/userinfo/issue",
		"ServiceJWKS": "GET service/jwks/get", "ServiceConfiguration": "GET service/configuration",
		"ServiceGet": "GET service/get", "ServiceUpdate": "POST service/update",
		"ClientCreate": "POST client/create", "ClientGet": "GET client/get", "ClientList": "GET client/get/list",
		"ClientUpdate": "POST client/update", "ClientDelete": "DELETE client/delete",
		"ClientSecretRefresh": "GET client/secret/refresh", "ClientSecretUpdate": "POST client/secret/update",
		"TokenRevoke": "POST auth/token/revoke", "FederationConfiguration": "POST federation/configuration",
	}
}

// actionsNeverGiven are the actions of the API that the engine never gives, each for its reason.
func actionsNeverGiven() map[string][]string {
	// What the engine cannot serve is an HTTP 500; the action is for calls that are wrong in themselves, which these cannot be.
	unserved := []string{"INTERNAL_SERVER_ERROR"}
	return map[string][]string{
		"POST auth/authorization": unserved,
		"POST auth/revocation":    unserved,
		"POST auth/introspection": unserved,
		"POST auth/userinfo":      unserved,
		// The engine takes part in no federation.
		"POST federation/configuration": append([]string{"OK"}, unserved...),
		// Signed answers of introspection and userinfo are no feature of the engine.
		"POST auth/introspection/standard": append([]string{"JWT"}, unserved...),
		"POST auth/userinfo/issue":         {"JWT"},
		// Nor are token exchange, assertions as grants, and new ID tokens for a refresh token.
		"POST auth/token": append([]string{"TOKEN_EXCHANGE", "JWT_BEARER", "ID_TOKEN_REISSUABLE"}, unserved...),
	}
}

// contractExceptions are what the documents do not allow and what is nevertheless right.
func contractExceptions() []openapi.Exception {
	const (
		ours     = "a setting of the embedded engine; Authlete is taken to overlook a member that it does not know"
		whole    = "settings are read, changed and written back whole; read-only members SHOULD NOT be sent (OpenAPI 3.0.3), which is no prohibition"
		acrs     = "the documents call it read-only, yet describe no call that sets it in another way"
		refused  = "the suite sends it to see it refused"
		newer    = "a reason of newer libraries, not in the documents"
		page     = "the consent page depends on it; the API 2.x sends the whole client, the document of 3.0 describes a smaller view"
		later    = "the document of 3.0 has it, that of 2.3 does not yet"
		envelope = "the document has no such status for the call; the engine answers with it all the same, in the form of every error of the API"
	)
	const (
		settings, update, view = "POST service/update", "POST client/update", "POST auth/authorization"
		create                 = "POST client/create"
	)
	return []openapi.Exception{
		{Operation: settings, Pointer: "/authorizationCodeDuration", Reason: ours},
		{Operation: settings, Pointer: "/logoUri", Reason: ours},
		{Operation: "GET service/get", Part: openapi.Response, Pointer: "/authorizationCodeDuration", Reason: ours},
		{Operation: "GET service/get", Part: openapi.Response, Pointer: "/logoUri", Reason: ours},
		{Operation: view, Part: openapi.Response, Pointer: "/service/logoUri", Reason: ours},

		{Operation: settings, Part: openapi.Request, Pointer: "/apiKey", Problem: "readOnly", Reason: whole},
		{Operation: update, Part: openapi.Request, Pointer: "/clientId", Problem: "readOnly", Reason: whole},
		{Operation: update, Part: openapi.Request, Pointer: "/clientSecret", Problem: "readOnly", Reason: whole},
		{Operation: update, Part: openapi.Request, Pointer: "/createdAt", Problem: "readOnly", Reason: whole},
		{Operation: update, Part: openapi.Request, Pointer: "/modifiedAt", Problem: "readOnly", Reason: whole},
		{Operation: settings, Part: openapi.Request, Pointer: "/supportedAcrs", Problem: "readOnly", Reason: acrs},

		{Operation: "POST auth/authorization/fail", Part: openapi.Request, Pointer: "/reason", Problem: "BAD_MOOD", Reason: refused},
		{Operation: "POST auth/authorization/fail", Part: openapi.Request, Pointer: "/reason", Problem: "INVALID_SCOPE", Reason: newer},
		{Operation: "POST auth/authorization/fail", Part: openapi.Request, Pointer: "/reason", Problem: "UNAUTHORIZED_CLIENT", Reason: newer},
		{Operation: "POST auth/authorization/fail", Part: openapi.Request, Pointer: "/reason", Problem: "TEMPORARILY_UNAVAILABLE", Reason: newer},
		{Operation: "POST auth/token/fail", Part: openapi.Request, Pointer: "/reason", Problem: "INVALID_SCOPE", Reason: newer},
		{Operation: "POST auth/token/fail", Part: openapi.Request, Pointer: "/reason", Problem: "UNAUTHORIZED_CLIENT", Reason: newer},
		{Operation: "POST auth/token/fail", Part: openapi.Request, Pointer: "/reason", Problem: "INVALID_CLIENT", Reason: newer},
		{Operation: create, Part: openapi.Request, Pointer: "/responseTypes/*", Problem: "ASSERTION", Reason: refused},
		{Operation: create, Part: openapi.Request, Pointer: "/grantTypes/*", Problem: "authorization_code", Reason: refused},
		{Operation: create, Part: openapi.Request, Pointer: "/grantTypes/*", Problem: "TELEPATHY", Reason: refused},
		{Operation: create, Part: openapi.Request, Pointer: "/applicationType", Problem: "TOASTER", Reason: refused},
		{Operation: create, Part: openapi.Request, Pointer: "/idTokenSignAlg", Problem: "none", Reason: refused},

		{Document: openapi.V3, Operation: view, Part: openapi.Response, Pointer: "/client/clientUri", Reason: page},
		{Document: openapi.V3, Operation: view, Part: openapi.Response, Pointer: "/client/redirectUris", Reason: page},
		{Document: openapi.V3, Operation: view, Part: openapi.Response, Pointer: "/client/applicationType", Reason: page},
		{Document: openapi.V3, Operation: view, Part: openapi.Response, Pointer: "/client/attributes", Reason: page},

		{Document: openapi.V2, Operation: view, Part: openapi.Request, Pointer: "/context", Reason: later},
		{Document: openapi.V2, Operation: view, Part: openapi.Response, Pointer: "/claimsAtUserInfo", Reason: later},

		{Part: openapi.Response, Problem: "status 404 is not documented", Reason: envelope},
		{Document: openapi.V3, Part: openapi.Response, Problem: "status 404 has a body", Reason: envelope},
		{Operation: create, Part: openapi.Response, Problem: "status 409", Reason: envelope},
		{Operation: update, Part: openapi.Response, Problem: "status 409", Reason: envelope},
		{Part: openapi.Response, Problem: "status 413", Reason: envelope},
		{
			Operation: "GET misc/echo", Part: openapi.Response, Problem: "status 200 has a body",
			Reason: "the call answers with what it was sent, says its description, and the answer has no schema",
		},
	}
}
