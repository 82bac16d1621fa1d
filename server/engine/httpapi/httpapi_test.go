package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/httpapi"
)

const credential = "the-management-token"

// api is the API over an engine in memory.
type api struct {
	*httpapi.Handler
	engine *engine.Engine
	token  string
	log    bytes.Buffer
}

func newAPI(tb testing.TB) *api {
	tb.Helper()
	a := &api{token: credential}
	log := slog.New(slog.NewJSONHandler(&a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	a.engine, err = engine.Open(tb.Context(), engine.Options{
		KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "ES256",
		Clock: enginetest.NewClock().Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	a.Handler = httpapi.New(httpapi.Options{Backend: a.engine, Credentials: a.accepted, Log: log})
	return a
}

// accepted are the credentials of both dialects, with the token of the test in the places of their secrets.
func (a *api) accepted() []*credentials.Credentials {
	return []*credentials.Credentials{
		{Version: credentials.V3, ServiceID: "1", AccessToken: a.token},
		{Version: credentials.V2, ServiceID: "1", APISecret: a.token, OwnerKey: "1", OwnerSecret: a.token},
	}
}

// call makes a request with a good credential, changed.
func (a *api) call(method, path, body string, changes ...func(*http.Request)) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+credential)
	for _, change := range changes {
		change(request)
	}
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, request)
	return recorder
}

// basic replaces the credential by that of the 2.x dialect.
func basic(r *http.Request) { r.SetBasicAuth("1", credential) }

// header replaces the credential.
func header(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", value) }
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for name, test := range map[string]struct {
		path   string
		change func(*http.Request)
		want   int
	}{
		"3.0":                     {"/api/1/service/get", func(*http.Request) {}, 200},
		"3.0, scheme in lower":    {"/api/1/service/get", header("bearer " + credential), 200},
		"3.0, wrong":              {"/api/1/service/get", header("Bearer wrong"), 401},
		"3.0, nearly":             {"/api/1/service/get", header("Bearer " + credential + "x"), 401},
		"3.0, none":               {"/api/1/service/get", header(""), 401},
		"3.0, no token":           {"/api/1/service/get", header("Bearer "), 401},
		"3.0, basic":              {"/api/1/service/get", basic, 401},
		"3.0, another scheme":     {"/api/1/service/get", header("Token " + credential), 401},
		"2.x":                     {"/api/service/get/1", basic, 200},
		"2.x, wrong":              {"/api/service/get/1", func(r *http.Request) { r.SetBasicAuth("1", "wrong") }, 401},
		"2.x, token as user":      {"/api/service/get/1", func(r *http.Request) { r.SetBasicAuth(credential, "") }, 401},
		"2.x, bearer":             {"/api/service/get/1", func(*http.Request) {}, 401},
		"no such API, no token":   {"/api/1/nothing", header(""), 401},
		"no such API":             {"/api/1/nothing", func(*http.Request) {}, 404},
		"another method":          {"/api/1/client/create", func(*http.Request) {}, 405},
		"another service":         {"/api/2/service/get", func(*http.Request) {}, 403},
		"2.x, another service":    {"/api/service/get/2", basic, 403},
		"no such API in 2.x":      {"/api/device/nothing", basic, 404},
		"2.x list of services":    {"/api/service/get/list", basic, 403},
		"3.0 list of services":    {"/api/service/get/list", func(*http.Request) {}, 403},
		"list of services, none":  {"/api/service/get/list", header(""), 401},
		"echo":                    {"/api/misc/echo?a=b", header(""), 200},
		"info":                    {"/api/info", header(""), 200},
		"a path that climbs":      {"/api/1/client/get/..%2F..%2Fservice", func(*http.Request) {}, 404},
		"outside":                 {"/", func(*http.Request) {}, 404},
		"configuration by GET":    {"/api/1/service/configuration", func(*http.Request) {}, 200},
		"keys":                    {"/api/1/service/jwks/get?includePrivateKeys=true", func(*http.Request) {}, 200},
		"2.x configuration":       {"/api/service/configuration", basic, 200},
		"list":                    {"/api/1/client/get/list?start=0&end=2", func(*http.Request) {}, 200},
		"list of nonsense":        {"/api/1/client/get/list?start=x", func(*http.Request) {}, 400},
		"2.x list":                {"/api/client/get/list", basic, 200},
		"2.x client":              {"/api/client/get/nobody", basic, 404},
		"a client that is a list": {"/api/1/client/get/list/x", func(*http.Request) {}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			response := a.call(http.MethodGet, test.path, "", test.change)
			if response.Code != test.want {
				t.Fatalf("status %d, want %d: %s", response.Code, test.want, response.Body)
			}
			checkEnvelope(t, response)
			if strings.Contains(response.Body.String(), `"d":`) {
				t.Error("a private key was given out")
			}
		})
	}
	a.token = "" // credentials that are not there open nothing
	if response := a.call(http.MethodGet, "/api/1/service/get", "", header("Bearer ")); response.Code != 401 {
		t.Errorf("status %d without a configured token", response.Code)
	}
	a.token = "rotated"
	if response := a.call(http.MethodGet, "/api/1/service/get", "", header("Bearer rotated")); response.Code != 200 {
		t.Errorf("status %d with the rotated token", response.Code)
	}
}

// checkEnvelope checks what every answer has.
func checkEnvelope(t *testing.T, response *httptest.ResponseRecorder) {
	t.Helper()
	if got := response.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q", got)
	}
	if response.Code == http.StatusNoContent {
		return
	}
	if got := response.Header().Get("Content-Type"); got != "application/json;charset=UTF-8" {
		t.Errorf("Content-Type = %q", got)
	}
	var body map[string]any
	if err := json.Unmarshal(response.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s: %v", response.Code, response.Body, err)
	}
	if response.Code >= 400 && (body["resultCode"] == "" || body["resultMessage"] == "" || len(body) != 2) {
		t.Errorf("error %s", response.Body)
	}
	if response.Code == http.StatusUnauthorized && response.Header().Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for name, test := range map[string]struct {
		path, body string
		want       int
	}{
		"unknown members":   {"client/create", `{"clientIdAlias":"a1","unknown":{"x":[1]}}`, 200},
		"not JSON":          {"client/create", `clientIdAlias=x`, 400},
		"empty":             {"client/create", ``, 400},
		"a list":            {"client/create", `[]`, 400},
		"another type":      {"client/create", `{"clientIdAlias":7}`, 400},
		"more than one":     {"client/create", `{} {}`, 400},
		"too large":         {"client/create", `{"clientName":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		"refused":           {"client/create", `{"clientIdAlias":"123"}`, 400},
		"an outcome":        {"auth/authorization", `{"parameters":"client_id=nobody"}`, 200},
		"a document":        {"service/configuration", `{"pretty":true,"patch":null}`, 200},
		"an empty update":   {"service/update", `{}`, 200},
		"null":              {"service/update", `null`, 400},
		"unknown to revoke": {"auth/token/revoke", `{"clientIdentifier":"nobody"}`, 404},
	} {
		t.Run(name, func(t *testing.T) {
			response := a.call(http.MethodPost, "/api/1/"+test.path, test.body)
			if response.Code != test.want {
				t.Errorf("status %d, want %d: %s", response.Code, test.want, response.Body)
			}
			checkEnvelope(t, response)
		})
	}
}

// TestSecondDialect goes through a client's life in the 2.x dialect.
func TestSecondDialect(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	steps := []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/client/create", `{"clientIdAlias":"app","grantTypes":["CLIENT_CREDENTIALS"]}`, 200},
		{"GET", "/api/client/get/app", "", 200},
		{"POST", "/api/client/update/app", `{"clientIdAlias":"app","clientName":"App","grantTypes":["CLIENT_CREDENTIALS"]}`, 200},
		{"POST", "/api/client/secret/update/app", `{"clientSecret":"0123456789abcdef"}`, 200},
		{"POST", "/api/auth/token", `{"parameters":"grant_type=client_credentials","clientId":"app","clientSecret":"0123456789abcdef"}`, 200},
		{"GET", "/api/client/secret/refresh/app", "", 200},
		{"POST", "/api/auth/token/revoke", `{"clientIdentifier":"app"}`, 200},
		{"DELETE", "/api/client/delete/app", "", 204},
		{"DELETE", "/api/client/delete/app", "", 404},
	}
	for _, step := range steps {
		response := a.call(step.method, step.path, step.body, basic)
		if response.Code != step.want {
			t.Errorf("%s %s: status %d, want %d: %s", step.method, step.path, response.Code, step.want, response.Body)
		}
		checkEnvelope(t, response)
	}
	if !strings.Contains(a.call("GET", "/api/service/get/1", "", basic).Body.String(), enginetest.Issuer) {
		t.Error("no issuer in the settings")
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	created := a.call(http.MethodPost, "/api/1/client/create", `{"clientIdAlias":"app","clientName":"hidden-name"}`)
	var client authlete.Client
	if err := json.Unmarshal(created.Body.Bytes(), &client); err != nil || client.ClientSecret == "" {
		t.Fatalf("%s: %v", created.Body, err)
	}
	a.call(http.MethodPost, "/api/1/client/secret/update/app", `{"clientSecret":"imposed-secret-value"}`)
	a.call(http.MethodPost, "/api/1/auth/token", `{"parameters":"password=pass-word","clientId":"app","clientSecret":"imposed-secret-value"}`)
	a.call(http.MethodGet, "/api/1/service/get", "", header("Bearer guessed-token"))
	log := a.log.String()
	for _, secret := range []string{client.ClientSecret, "imposed-secret-value", "pass-word", "hidden-name", credential, "guessed-token"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	for _, part := range []string{
		`"level":"INFO","msg":"API call","call":"client/create","client":"","status":200`,
		`"level":"INFO","msg":"API call","call":"client/secret/update","client":"app","status":200`,
		`"level":"DEBUG","msg":"API call","call":"auth/token","client":"","status":200`, `"level":"WARN","msg":"API call refused"`,
	} {
		if !strings.Contains(log, part) {
			t.Errorf("%s is not in the log:\n%s", part, log)
		}
	}
}

// broken is a backend that fails.
type broken struct{ *engine.Engine }

func (broken) ServiceGet(context.Context) (*authlete.Service, error) {
	return nil, errors.New("the database says no")
}

// TestFailureIsNotTold: what goes wrong inside is for the log, not for the caller.
func TestFailureIsNotTold(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.Handler = httpapi.New(httpapi.Options{
		Backend: broken{a.engine}, Credentials: a.accepted, Log: slog.New(slog.NewJSONHandler(&a.log, nil)),
	})
	response := a.call(http.MethodGet, "/api/1/service/get", "")
	checkEnvelope(t, response)
	if response.Code != http.StatusInternalServerError || strings.Contains(response.Body.String(), "database") {
		t.Errorf("status %d: %s", response.Code, response.Body)
	}
	if !strings.Contains(a.log.String(), "the database says no") {
		t.Errorf("the cause is not in the log: %s", &a.log)
	}
}

// FuzzAPI: whatever is asked, the answer is in the API's form.
func FuzzAPI(f *testing.F) {
	a := newAPI(f)
	f.Add("POST", "auth/authorization", `{"parameters":"client_id=app&response_type=code"}`)
	f.Add("POST", "auth/authorization/issue", `{"ticket":"x","subject":"1001","scopes":[],"claims":"{}"}`)
	f.Add("POST", "client/create", `{"clientIdAlias":"app","redirectUris":["https://app.example.com/cb"],"extension":null}`)
	f.Add("POST", "client/update/app", `{"clientIdAlias":"app","jwks":"{}","tokenAuthMethod":"PRIVATE_KEY_JWT"}`)
	f.Add("GET", "client/get/list?start=-1&end=5", ``)
	f.Add("DELETE", "client/delete/%00", ``)
	f.Add("POST", "auth/token", `{"parameters":"grant_type=refresh_token","clientId":"a\u0000"}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if strings.ContainsFunc(method, func(c rune) bool { return c < 'A' || c > 'Z' }) || method == "" {
			return
		}
		target, err := url.ParseRequestURI("/api/1/" + path)
		if err != nil {
			return
		}
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Method, request.URL = method, target
		request.Header.Set("Authorization", "Bearer "+credential)
		response := httptest.NewRecorder()
		a.ServeHTTP(response, request)
		if response.Code >= 500 {
			t.Fatalf("%s %s %s: %d %s", method, path, body, response.Code, response.Body)
		}
		if response.Code < 300 || response.Code >= 400 { // the router redirects paths that are not clean
			checkEnvelope(t, response)
		}
	})
}
