package enginetest

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	callback = "https://app.example.com/callback"
	alice    = "1001"
	// verifier and challenge are the example of RFC 7636, appendix B.
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	nonce     = "n-0S6_WzA2Mj"
	state     = "af0ifjsldkj &=#?"
)

// driver drives one backend through one test.
type driver struct {
	Backend
	*testing.T
	open Open
}

func newDriver(t *testing.T, open Open) *driver {
	t.Helper()
	return &driver{T: t, open: open}
}

// start opens the backend with the suite's settings, changed.
func (d *driver) start(changes ...func(*authlete.Service)) {
	d.Helper()
	service := Service()
	for _, change := range changes {
		change(&service)
	}
	d.Backend = d.open(d.T, service)
}

// sub runs part of a test on the same backend.
func (d *driver) sub(name string, run func(*driver)) {
	d.Helper()
	d.Run(name, func(t *testing.T) { run(&driver{Backend: d.Backend, T: t, open: d.open}) })
}

// client registers a confidential client with the alias that may use everything, changed.
func (d *driver) client(alias string, changes ...func(*authlete.Client)) *authlete.Client {
	d.Helper()
	client := &authlete.Client{
		ClientIDAlias: alias, ClientName: "Example App", Description: "An application for tests", RedirectURIs: []string{callback},
		ClientURI: "https://app.example.com", LogoURI: "https://app.example.com/logo.png",
		GrantTypes: []authlete.GrantType{
			authlete.GrantAuthorizationCode, authlete.GrantRefreshToken, authlete.GrantClientCredentials, authlete.GrantImplicit, authlete.GrantPassword,
		},
		ResponseTypes: []authlete.ResponseType{
			authlete.ResponseCode, authlete.ResponseToken, authlete.ResponseIDToken, authlete.ResponseIDTokenToken,
			authlete.ResponseCodeToken, authlete.ResponseCodeIDToken, authlete.ResponseCodeIDTokenToken, authlete.ResponseNone,
		},
	}
	for _, change := range changes {
		change(client)
	}
	created, err := d.ClientCreate(d.Context(), client)
	d.must(err)
	return created
}

// public makes a client public.
func public(c *authlete.Client) {
	c.ClientType, c.TokenAuthMethod = authlete.ClientPublic, authlete.AuthNone
	c.GrantTypes = slices.DeleteFunc(c.GrantTypes, func(g authlete.GrantType) bool { return g == authlete.GrantClientCredentials })
}

func (d *driver) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// form is a set of parameters; an empty value removes one.
type form map[string]string

func (f form) encode() string {
	values := url.Values{}
	for name, value := range f {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values.Encode()
}

// with returns the form with the changes.
func (f form) with(changes form) form {
	changed := maps.Clone(f)
	maps.Copy(changed, changes)
	return changed
}

// request is the authorization request that the suite starts from.
func request(client string) form {
	return form{
		"response_type": "code", "client_id": client, "redirect_uri": callback, "scope": "openid read", "state": state, "nonce": nonce,
		"code_challenge": challenge, "code_challenge_method": "S256",
	}
}

func (d *driver) authorize(in form) *authlete.AuthorizationResponse {
	d.Helper()
	response, err := d.Authorization(d.Context(), &authlete.AuthorizationRequest{Parameters: in.encode()})
	d.must(err)
	return response
}

// ticket makes an authorization request that must need a decision.
func (d *driver) ticket(in form) string {
	d.Helper()
	response := d.authorize(in)
	if response.Action != authlete.AuthorizationInteraction || response.Ticket == "" {
		d.Fatalf("authorization: %s %s %s", response.Action, response.ResultMessage, response.ResponseContent)
	}
	return response.Ticket
}

// issue grants a ticket to alice.
func (d *driver) issue(in authlete.AuthorizationIssueRequest) *authlete.AuthorizationIssueResponse {
	d.Helper()
	if in.Subject == "" {
		in.Subject = alice
	}
	response, err := d.AuthorizationIssue(d.Context(), &in)
	d.must(err)
	return response
}

// grant goes from the authorization request to the parameters that the client gets.
func (d *driver) grant(in form) (url.Values, *authlete.AuthorizationIssueResponse) {
	d.Helper()
	response := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(in), AuthTime: d.Clock.Now().Unix() - 30})
	if response.Action != authlete.AuthorizationIssueLocation {
		d.Fatalf("issue: %s %s", response.Action, response.ResultMessage)
	}
	return d.answer(response.ResponseContent), response
}

// code goes from the authorization request to a code.
func (d *driver) code(in form) string {
	d.Helper()
	answer, _ := d.grant(in)
	if answer.Get("code") == "" {
		d.Fatalf("no code in %v", answer)
	}
	return answer.Get("code")
}

// answer checks the envelope of an authorization response in a location and returns its parameters.
func (d *driver) answer(location string) url.Values {
	d.Helper()
	target, err := url.Parse(location)
	d.must(err)
	if base := target.Scheme + "://" + target.Host + target.Path; base != callback {
		d.Fatalf("the answer goes to %s", base)
	}
	text := target.RawQuery
	if target.Fragment != "" {
		text = target.EscapedFragment()
	}
	values, err := url.ParseQuery(text)
	d.must(err)
	if values.Get("state") != state || values.Get("iss") != Issuer {
		d.Errorf("state %q, iss %q in %s", values.Get("state"), values.Get("iss"), location)
	}
	return values
}

// exchange is the token request for a code.
func exchange(code string) form {
	return form{"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
}

// token makes a token request; a public client names itself in the body.
func (d *driver) token(client *authlete.Client, in form) *authlete.TokenResponse {
	d.Helper()
	req := authlete.TokenRequest{Parameters: in.encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret}
	if client.ClientType == authlete.ClientPublic {
		req = authlete.TokenRequest{Parameters: in.with(form{"client_id": client.ClientIDAlias}).encode()}
	}
	response, err := d.Token(d.Context(), &req)
	d.must(err)
	return response
}

// tokens is a token request that must succeed.
func (d *driver) tokens(client *authlete.Client, in form) *authlete.TokenResponse {
	d.Helper()
	response := d.token(client, in)
	if response.Action != authlete.TokenOK {
		d.Fatalf("token: %s %s %s", response.Action, response.ResultMessage, response.ResponseContent)
	}
	return response
}

// refused checks a refused token request.
func (d *driver) refused(response *authlete.TokenResponse, action authlete.TokenAction, code string) {
	d.Helper()
	if response.Action != action || errorOf(response.ResponseContent) != code || response.AccessToken != "" {
		d.Errorf("token: %s %s, want %s %s", response.Action, response.ResponseContent, action, code)
	}
}

// errorOf returns the error member of a JSON body.
func errorOf(content string) string {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal([]byte(content), &body) != nil || body.Description == "" {
		return "no error body"
	}
	return body.Error
}

// active says what standard introspection says of a token.
func (d *driver) active(token string) bool {
	d.Helper()
	var body struct {
		Active bool `json:"active"`
	}
	d.must(json.Unmarshal([]byte(d.introspect(token)), &body))
	return body.Active
}

func (d *driver) introspect(token string) string {
	d.Helper()
	response, err := d.StandardIntrospection(d.Context(), &authlete.StandardIntrospectionRequest{Parameters: form{"token": token}.encode()})
	d.must(err)
	if response.Action != authlete.StandardIntrospectionOK {
		d.Fatalf("introspection: %s %s", response.Action, response.ResponseContent)
	}
	return response.ResponseContent
}

// idToken verifies an ID token with the published keys and returns its claims.
func (d *driver) idToken(token string) map[string]any {
	d.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		d.Fatalf("parsing the ID token %q: %v", token, err)
	}
	document, err := d.ServiceJWKS(d.Context())
	d.must(err)
	var set jose.JSONWebKeySet
	d.must(json.Unmarshal(document, &set))
	keys := set.Key(signed.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		d.Fatalf("%d keys with the kid of the ID token", len(keys))
	}
	payload, err := signed.Verify(keys[0])
	d.must(err)
	var claims map[string]any
	d.must(json.Unmarshal(payload, &claims))
	return claims
}

// contains checks that a text has the part.
func (d *driver) contains(text, part string) {
	d.Helper()
	if !strings.Contains(text, part) {
		d.Errorf("%q is not in %s", part, text)
	}
}
