package conformance

import (
	"crypto/rand"
	"encoding/json"
	"html"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// Redirect URIs of the clients. The second has a query, which answers must keep.
const (
	redirectURI      = "https://rp.example.com/callback"
	redirectURIQuery = "https://rp.example.com/callback?dummy1=lorem&dummy2=ipsum"
)

// run is one run of a module: a client of its own and a browser of its own at a server that others use, too.
type run struct {
	variant
	t        testing.TB
	s        *servertest.Server
	browser  *servertest.Browser
	client   *authlete.Client
	redirect string
	document map[string]any
	keys     keySet
}

func newRun(tb testing.TB, s *servertest.Server, v variant) *run {
	tb.Helper()
	r := &run{variant: v, t: tb, s: s, browser: s.NewBrowser(tb), redirect: redirectURI}
	r.client = r.register(authlete.AuthClientSecretBasic)
	r.document = r.getJSON("/.well-known/openid-configuration")
	r.keys = r.fetchKeys()
	return r
}

// register registers a client as dynamic registration would: with the response type of the variant and nothing else chosen.
func (r *run) register(method authlete.ClientAuthMethod) *authlete.Client {
	r.t.Helper()
	return r.s.Client(r.t, func(c *authlete.Client) {
		c.ClientIDAlias = "rp-" + strings.ToLower(rand.Text())
		c.RedirectURIs = []string{redirectURI, redirectURIQuery}
		c.TokenAuthMethod = method
		c.ResponseTypes = []authlete.ResponseType{authlete.ResponseType(strings.ToUpper(strings.ReplaceAll(r.responseType, " ", "_")))}
		c.GrantTypes = []authlete.GrantType{authlete.GrantRefreshToken}
		if r.has("code") {
			c.GrantTypes = append(c.GrantTypes, authlete.GrantAuthorizationCode)
		}
		if r.frontTokens() {
			c.GrantTypes = append(c.GrantTypes, authlete.GrantImplicit)
		}
	})
}

// request returns an authorization request with the changes; an empty value removes a parameter.
func (r *run) request(change map[string]string) url.Values {
	values := url.Values{
		"client_id": {r.client.ClientIDAlias}, "response_type": {r.responseType}, "redirect_uri": {r.redirect}, "scope": {"openid"},
		"state": {rand.Text()}, "nonce": {rand.Text()},
	}
	if r.formPost {
		values.Set("response_mode", modeFormPost)
	}
	for name, value := range change {
		values.Set(name, value)
		if value == "" {
			values.Del(name)
		}
	}
	return values
}

// open sends an authorization request.
func (r *run) open(request url.Values) servertest.Page {
	r.t.Helper()
	return r.browser.Get("/api/authorization?" + request.Encode())
}

// asks says whether the page asks for a password.
func asks(page servertest.Page) bool { return strings.Contains(page.Body, `name="password"`) }

// submit logs in and allows what the page asks for.
func (r *run) submit(page servertest.Page) servertest.Page {
	r.t.Helper()
	if !asks(page) {
		return r.browser.Submit(page, map[string]string{"authorized": "yes"})
	}
	return r.browser.LogIn(page, username)
}

// login sends the request in a browser that must be asked for a password, and returns the answer.
func (r *run) login(request url.Values) url.Values {
	r.t.Helper()
	page := r.open(request)
	if !asks(page) {
		r.t.Fatalf("no login page came: status %d, location %v\n%s", page.Status, page.Location, page.Body)
	}
	return r.answer(r.submit(page), r.mode())
}

// answer returns the parameters that arrive at the client, and fails if they arrive by another way than the mode.
func (r *run) answer(page servertest.Page, mode string) url.Values {
	r.t.Helper()
	if mode == modeFormPost {
		action, parameters := form(page)
		if page.Status != http.StatusOK || action != r.redirect {
			r.t.Fatalf("no form that posts to %s came: status %d, location %v\n%s", r.redirect, page.Status, page.Location, page.Body)
		}
		return parameters
	}
	target := page.Location
	if target == nil || (page.Status != http.StatusFound && page.Status != http.StatusSeeOther) {
		r.t.Fatalf("the browser was not sent to the client: status %d, location %v\n%s", page.Status, target, page.Body)
	}
	registered, err := url.Parse(r.redirect)
	if err != nil {
		r.t.Fatal(err)
	}
	query := target.Query()
	for name, values := range registered.Query() {
		if !slices.Equal(query[name], values) {
			r.t.Errorf("the redirect URI's own parameter %s is lost in %s", name, target)
		}
		query.Del(name)
	}
	if target.Scheme != registered.Scheme || target.Host != registered.Host || target.Path != registered.Path {
		r.t.Fatalf("the browser was sent to %s instead of %s", target, r.redirect)
	}
	if mode == modeQuery {
		if target.Fragment != "" {
			r.t.Errorf("the answer has a fragment: %s", target)
		}
		return query
	}
	if len(query) > 0 {
		r.t.Errorf("parameters of the answer are in the query: %s", target)
	}
	parameters, err := url.ParseQuery(target.EscapedFragment())
	if err != nil {
		r.t.Fatal(err)
	}
	return parameters
}

// What a form is recognized by.
var (
	formTag   = regexp.MustCompile(`(?i)<form\b[^>]*>`)
	inputTag  = regexp.MustCompile(`(?i)<input\b[^>]*>`)
	attribute = regexp.MustCompile(`(?i)\b(action|method|enctype|name|value)\s*=\s*"([^"]*)"`)
)

func attributes(tag string) map[string]string {
	found := map[string]string{}
	for _, match := range attribute.FindAllStringSubmatch(tag, -1) {
		found[strings.ToLower(match[1])] = html.UnescapeString(match[2])
	}
	return found
}

// form returns where a page's form posts to as application/x-www-form-urlencoded, and what.
func form(page servertest.Page) (action string, parameters url.Values) {
	parameters = url.Values{}
	tag := attributes(formTag.FindString(page.Body))
	if !strings.EqualFold(tag["method"], "post") || (tag["enctype"] != "" && tag["enctype"] != "application/x-www-form-urlencoded") {
		return "", parameters
	}
	for _, input := range inputTag.FindAllString(page.Body, -1) {
		if found := attributes(input); found["name"] != "" {
			parameters.Add(found["name"], found["value"])
		}
	}
	return tag["action"], parameters
}

// response is an answer over HTTP.
type response struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request with neither cookies nor redirects.
func (r *run) send(method, path string, form url.Values, change func(*http.Request)) response {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(request)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response{answer.StatusCode, answer.Header, body}
}

// json decodes the body, which must say that it is JSON.
func (r *run) json(answer response) map[string]any {
	r.t.Helper()
	if kind, _, err := mime.ParseMediaType(answer.header.Get("Content-Type")); err != nil || kind != "application/json" {
		r.t.Errorf("Content-Type is %q", answer.header.Get("Content-Type"))
	}
	members := map[string]any{}
	if err := json.Unmarshal(answer.body, &members); err != nil {
		r.t.Fatalf("the answer %d is not a JSON object: %v\n%s", answer.status, err, answer.body)
	}
	return members
}

func (r *run) getJSON(path string) map[string]any {
	r.t.Helper()
	answer := r.send(http.MethodGet, path, nil, nil)
	if answer.status != http.StatusOK {
		r.t.Fatalf("%s answers %d", path, answer.status)
	}
	return r.json(answer)
}

// lists says whether a member of the discovery document lists the value.
func (r *run) lists(member, value string) bool {
	values, _ := r.document[member].([]any)
	return slices.Contains(values, any(value))
}

// unexpected returns the parameters that are not among the names.
func unexpected(parameters url.Values, names ...string) []string {
	rest := maps.Clone(parameters)
	maps.DeleteFunc(rest, func(name string, _ []string) bool { return slices.Contains(names, name) })
	return slices.Sorted(maps.Keys(rest))
}
