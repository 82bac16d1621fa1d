package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/enginetest"
)

// form says that the body is a form.
func form(r *http.Request) {
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
}

// decoded is a response.
func decoded[T any](t *testing.T, response *httptest.ResponseRecorder) *T {
	t.Helper()
	value := new(T)
	if err := json.Unmarshal(response.Body.Bytes(), value); err != nil || response.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", response.Code, response.Body, err)
	}
	return value
}

const codeClient = `{"clientIdAlias":"app","grantTypes":["AUTHORIZATION_CODE"],"responseTypes":["CODE"],"redirectUris":["https://app.example.com/cb"]}`

// ticket makes an authorization request.
func (a *api) ticket(t *testing.T) string {
	t.Helper()
	query := url.Values{"client_id": {"app"}, "response_type": {"code"}, "scope": {"openid read"}, "redirect_uri": {"https://app.example.com/cb"}}
	body, err := json.Marshal(map[string]any{"parameters": query.Encode(), "context": nil})
	if err != nil {
		t.Fatal(err)
	}
	response := decoded[authlete.AuthorizationResponse](t, a.call(http.MethodPost, "/api/1/auth/authorization", string(body)))
	if response.Ticket == "" {
		t.Fatalf("authorization %+v", response)
	}
	return response.Ticket
}

// TestMembersOfEmbeddedStructures: what a request proves is read from forms, too, and not left out because of how the
// structures are cut.
func TestMembersOfEmbeddedStructures(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	fields := url.Values{"parameters": {"grant_type=client_credentials"}, "dpop": {"proof"}}
	for name, response := range map[string]*authlete.TokenResponse{
		"form": decoded[authlete.TokenResponse](t, a.call(http.MethodPost, "/api/1/auth/token", fields.Encode(), form)),
		"a number where the API has text": decoded[authlete.TokenResponse](t, a.call(http.MethodPost, "/api/1/auth/token",
			`{"parameters":"grant_type=client_credentials","dpop":"proof","clientId":12}`)),
	} {
		if response.ResultCode != "E050318" {
			t.Errorf("%s: %+v", name, response)
		}
	}
}

// TestIssueAsClientsSendIt: the original front end sends the number of a user, and null for all that it has not.
func TestIssueAsClientsSendIt(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	decoded[authlete.Client](t, a.call(http.MethodPost, "/api/1/client/create", codeClient))
	const path = "/api/1/auth/authorization/issue"
	for name, test := range map[string]struct {
		body    func(ticket string) string
		headers func(*http.Request)
		want    authlete.AuthorizationIssueAction
	}{
		"a number and nulls": {
			func(ticket string) string {
				return `{"ticket":"` + ticket + `","subject":1001,"sub":null,"authTime":1795420109,"acr":null,"claims":"{}","properties":null,
					"scopes":null,"idtHeaderParams":null,"accessToken":null,"accessTokenDuration":0}`
			}, func(*http.Request) {}, authlete.AuthorizationIssueLocation,
		},
		"text for a number": {
			func(ticket string) string {
				return `{"ticket":"` + ticket + `","subject":"1001","authTime":"1795420109"}`
			},
			func(r *http.Request) { r.Header.Set("Content-Type", "application/json;charset=UTF-8") }, authlete.AuthorizationIssueLocation,
		},
		"a form": {
			func(ticket string) string {
				return url.Values{"ticket": {ticket}, "subject": {"1001"}, "authTime": {"1795420109"}, "scopes": {"openid read"}, "other": {"x"}}.Encode()
			}, form, authlete.AuthorizationIssueLocation,
		},
		"JSON that is called a form": {
			func(ticket string) string { return ` {"ticket":"` + ticket + `","subject":1001}` }, form, authlete.AuthorizationIssueLocation,
		},
		"no ticket": {func(string) string { return `{"ticket":null,"subject":1001}` }, func(*http.Request) {}, authlete.AuthorizationIssueBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			response := decoded[authlete.AuthorizationIssueResponse](t, a.call(http.MethodPost, path, test.body(a.ticket(t)), test.headers))
			if response.Action != test.want {
				t.Errorf("issue %+v", response)
			}
		})
	}
	for name, body := range map[string]string{
		"a fraction": `{"ticket":"x","subject":1.5}`, "an object": `{"ticket":"x","subject":{}}`, "a ticket that is a number": `{"ticket":1,"subject":"1"}`,
		"a time that is a word": `{"ticket":"x","subject":"1","authTime":"now"}`,
	} {
		if response := a.call(http.MethodPost, path, body); response.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, response.Code, response.Body)
		}
	}
	if response := a.call(http.MethodPost, path, "ticket=%zz", form); response.Code != http.StatusBadRequest {
		t.Errorf("a broken form: %d %s", response.Code, response.Body)
	}
}

func TestDocumentsAsClientsReadThem(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	const configuration, keys = "/api/1/service/configuration", "/api/1/service/jwks/get"
	for name, test := range map[string]struct {
		method, target, body string
		status               int
		pretty               bool
	}{
		"GET":                  {http.MethodGet, configuration, "", 200, false},
		"GET with a body":      {http.MethodGet, configuration, "{}", 200, false},
		"GET, Python":          {http.MethodGet, configuration + "?pretty=True", "", 200, true},
		"GET, Python, not":     {http.MethodGet, configuration + "?pretty=False&patch=", "", 200, false},
		"GET, Go":              {http.MethodGet, configuration + "?pretty=true", "", 200, true},
		"POST":                 {http.MethodPost, configuration, "", 200, false},
		"POST, Python":         {http.MethodPost, configuration, `{"pretty": true, "patch": null}`, 200, true},
		"POST, not JSON":       {http.MethodPost, configuration, `pretty`, 400, false},
		"neither true or not":  {http.MethodGet, configuration + "?pretty=maybe", "", 400, false},
		"a patch":              {http.MethodPost, configuration, `{"patch":"[]"}`, 400, false},
		"a patch in the query": {http.MethodGet, configuration + "?patch=[]", "", 400, false},
		"keys":                 {http.MethodGet, keys + "?pretty=True&includePrivateKeys=False", "", 200, true},
		"DELETE":               {http.MethodDelete, configuration, "", 405, false},
	} {
		t.Run(name, func(t *testing.T) {
			response := a.call(test.method, test.target, test.body)
			if response.Code != test.status || strings.Contains(response.Body.String(), "\n  ") != test.pretty {
				t.Errorf("%d %s", response.Code, response.Body)
			}
			checkEnvelope(t, response)
			if allow := response.Header().Get("Allow"); test.status == 405 && allow != "GET, POST" {
				t.Errorf("Allow = %q", allow)
			}
		})
	}
}

// TestChunkedBody: authlete-go does not say how long its bodies are.
func TestChunkedBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newAPI(t))
	defer server.Close()
	body := io.MultiReader(strings.NewReader(`{"clientIdAlias":`), strings.NewReader(`"chunked"}`))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/1/client/create", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+credential)
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestServiceUpdates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body    string
		changes func(*http.Request)
		want    func(*authlete.Service)
	}{
		"a part":         {`{"accessTokenDuration":120}`, nil, func(s *authlete.Service) { s.AccessTokenDuration = 120 }},
		"a number":       {`{"apiKey":"77","accessTokenDuration":"120"}`, nil, func(s *authlete.Service) { s.AccessTokenDuration = 120 }},
		"a form":         {`accessTokenDuration=120&pkceRequired=True`, form, func(s *authlete.Service) { s.AccessTokenDuration, s.PkceRequired = 120, true }},
		"nothing":        {`{}`, nil, func(*authlete.Service) {}},
		"a null empties": {`{"tosUri":null}`, nil, func(s *authlete.Service) { s.TosURI = "" }},
		"unknown members": {`{"supportedDocuments":["X"],"apiSecret":"s"}`, nil, func(s *authlete.Service) {
			s.Other = authlete.Other{"supportedDocuments": json.RawMessage(`["X"]`)}
		}},
		"the whole, by its flags": {
			`{"issuer":"https://b","pkceRequired":false,"clientIdAliasEnabled":true,"accessTokenDuration":7,"idTokenDuration":8,"authorizationCodeDuration":9}`, nil,
			func(s *authlete.Service) {
				*s = authlete.Service{
					APIKey: 1, Issuer: "https://b", ClientIDAliasEnabled: true, AccessTokenDuration: 7, IDTokenDuration: 8, AuthorizationCodeDuration: 9,
				}
			},
		},
		"the whole, by its number": {`{"apiKey":1,"issuer":"https://b","accessTokenDuration":7}`, nil, func(s *authlete.Service) {
			*s = authlete.Service{
				APIKey: 1, Issuer: "https://b", LogoURI: s.LogoURI, AccessTokenDuration: 7, IDTokenDuration: s.IDTokenDuration,
				AuthorizationCodeDuration: s.AuthorizationCodeDuration,
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			changes := []func(*http.Request){}
			if test.changes != nil {
				changes = append(changes, test.changes)
			}
			got := decoded[authlete.Service](t, a.call(http.MethodPost, "/api/1/service/update", test.body, changes...))
			want := enginetest.Service()
			test.want(&want)
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientUpdates(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	created := decoded[authlete.Client](t, a.call(http.MethodPost, "/api/1/client/create", strings.TrimSuffix(codeClient, "}")+
		`,"softwareId":"s","extension":{"requestableScopesEnabled":true,"requestableScopes":["read"]}}`))
	for _, step := range []struct {
		body string
		want func(*authlete.Client)
	}{
		{`{"clientName":"App"}`, func(c *authlete.Client) { c.ClientName = "App" }},
		{`{"clientId":"1","extension":{"accessTokenDuration":60}}`, func(c *authlete.Client) { c.Extension.AccessTokenDuration = 60 }},
		{`{"extension":{"requestableScopes":null}}`, func(c *authlete.Client) { c.Extension.RequestableScopes = nil }},
		{`{"extension":null,"softwareId":null}`, func(c *authlete.Client) { c.Extension, c.Other = nil, nil }},
		{`{"clientIdAlias":"app","clientIdAliasEnabled":true,"authTimeRequired":false}`, func(c *authlete.Client) {
			c.ClientName, c.GrantTypes, c.ResponseTypes, c.RedirectURIs = "", nil, nil, nil
		}},
	} {
		got := decoded[authlete.Client](t, a.call(http.MethodPost, "/api/1/client/update/app", step.body))
		step.want(created)
		if diff := cmp.Diff(created, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.body, diff)
		}
	}
	for body, status := range map[string]int{`{"clientName":7}`: 400, `{"extension":7}`: 400, `[]`: 400, `{"redirectUris":["relative"]}`: 400} {
		if response := a.call(http.MethodPost, "/api/1/client/update/app", body); response.Code != status {
			t.Errorf("%s: %d %s", body, response.Code, response.Body)
		}
	}
	if response := a.call(http.MethodPost, "/api/1/client/update/nobody", `{"clientName":"x"}`); response.Code != http.StatusNotFound {
		t.Errorf("an unknown client: %d %s", response.Code, response.Body)
	}
}

// TestNoPrivateKeysInSettings: they would be kept in the clear.
func TestNoPrivateKeysInSettings(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	response := a.call(http.MethodPost, "/api/1/service/update", `{"jwks":"{\"keys\":[{\"kty\":\"oct\",\"k\":\"private\"}]}"}`)
	if response.Code != http.StatusBadRequest || strings.Contains(a.call(http.MethodGet, "/api/1/service/get", "").Body.String(), "private") {
		t.Errorf("%d %s", response.Code, response.Body)
	}
	decoded[authlete.Service](t, a.call(http.MethodPost, "/api/1/service/update", `{"jwks":null}`))
}

// TestAuthorizationShowsOldClientsNothingNew: libraries stop at values of enumerations that they do not know, so that what
// the pages do not need is left out.
func TestAuthorizationShowsOldClientsNothingNew(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	decoded[authlete.Service](t, a.call(http.MethodPost, "/api/1/service/update",
		`{"supportedTokenAuthMethods":["ATTEST_JWT_CLIENT_AUTH"],"supportedDocuments":["NEW"]}`))
	decoded[authlete.Client](t, a.call(http.MethodPost, "/api/1/client/create", strings.TrimSuffix(codeClient, "}")+`,"clientRegistrationTypes":["EdDSA"]}`))
	response := a.call(http.MethodPost, "/api/1/auth/authorization",
		`{"parameters":"client_id=app&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb"}`)
	if authorization := decoded[authlete.AuthorizationResponse](t, response); authorization.Client == nil || authorization.Service == nil {
		t.Fatalf("authorization %s", response.Body)
	}
	for _, unknown := range []string{"ATTEST_JWT_CLIENT_AUTH", "NEW", "EdDSA"} {
		if strings.Contains(response.Body.String(), unknown) {
			t.Errorf("%s is in %s", unknown, response.Body)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	response := newAPI(t).call(http.MethodGet, "/api/lifecycle/healthcheck?extended=true", "", header(""))
	if response.Code != http.StatusOK || response.Body.String() != "OK" || !strings.HasPrefix(response.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%d %s %s", response.Code, response.Header().Get("Content-Type"), response.Body)
	}
}

// TestDocumentation: the list of calls in the documentation is that of the route table, and names the others of the API.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/engine.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## Calls that it answers")
	answered, rest, _ := strings.Cut(rest, "## Calls that it does not answer")
	unanswered, _, _ := strings.Cut(rest, "\n## ")
	names := func(section, pattern string) []string {
		var found []string
		for _, match := range regexp.MustCompile("`("+pattern+")`").FindAllStringSubmatch(section, -1) {
			found = append(found, match[1])
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	calls := newAPI(t).Calls()
	slices.Sort(calls)
	if diff := cmp.Diff(calls, names(answered, `[A-Z]+ [a-z_/]+`)); diff != "" {
		t.Errorf("calls (-route table +docs/engine.md):\n%s", diff)
	}
	for i, call := range calls {
		_, calls[i], _ = strings.Cut(call, " ")
	}
	documented := slices.Concat(calls, names(unanswered, `[a-z_/]+`))
	for _, version := range []string{"2.3.12", "3.0.16"} {
		api, err := os.ReadFile("../../../../shared/reference/authlete-openapi/authlete-" + version + ".yaml")
		if err != nil {
			t.Skipf("the OpenAPI documents are not there: %v", err)
		}
		for _, path := range regexp.MustCompile(`(?m)^  /api/(?:\{serviceId\}/)?([a-z_/]*[a-z])`).FindAllSubmatch(api, -1) {
			if !slices.Contains(documented, string(path[1])) {
				t.Errorf("docs/engine.md does not say whether %s of %s is answered", path[1], version)
			}
		}
	}
}

// FuzzDecode: whatever is sent as whatever, a call takes it or refuses it in the API's form, and what it took can be read
// and sent back.
func FuzzDecode(f *testing.F) {
	a := newAPI(f)
	for _, body := range []string{
		`{"clientName":"x","extension":{"requestableScopes":["a",1]}}`, `{"clientId":"7","developer":1,"locked":"True"}`, `clientName=x&contacts=a+b&locked=true`,
		`{"attributes":[{"key":"k","value":"v"},null]}`, `{"extension":[]}`, `null`, `{"defaultMaxAge":1e3}`, `{"clientIdAlias":-0}`, `%`, "{\"a\":\"\xff\"}",
	} {
		f.Add(body, true)
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, asForm bool) {
		changes := []func(*http.Request){}
		if asForm {
			changes = append(changes, form)
		}
		response := a.call(http.MethodPost, "/api/1/client/create", body, changes...)
		checkEnvelope(t, response)
		if response.Code != http.StatusOK {
			if response.Code >= 500 {
				t.Fatalf("%d %s", response.Code, response.Body)
			}
			return
		}
		created := response.Body.String()
		client := decoded[authlete.Client](t, response)
		target := "/api/1/client/update/" + strconv.FormatInt(client.ClientID, 10)
		if again := a.call(http.MethodPost, target, created); again.Code != http.StatusOK {
			t.Errorf("sent back: %d %s for %s", again.Code, again.Body, created)
		}
		if deleted := a.call(http.MethodDelete, strings.Replace(target, "update", "delete", 1), ""); deleted.Code != http.StatusNoContent {
			t.Errorf("delete: %d %s", deleted.Code, deleted.Body)
		}
	})
}
