package authorize

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

const redirect = "https://app.example.com/callback"

// minChallenge is the least length of a code challenge (RFC 7636, section 4.2).
const minChallenge = 43

func testService() *authlete.Service {
	return &authlete.Service{
		Issuer:          "https://as.example.com",
		SupportedScopes: []authlete.Scope{{Name: "openid"}, {Name: "email"}, {Name: "offline_access"}, {Name: "read", DefaultEntry: true}},
		SupportedGrantTypes: []authlete.GrantType{
			authlete.GrantAuthorizationCode, authlete.GrantImplicit, authlete.GrantRefreshToken,
		},
		SupportedResponseTypes: []authlete.ResponseType{
			authlete.ResponseCode, authlete.ResponseToken, authlete.ResponseIDToken, authlete.ResponseCodeIDToken, authlete.ResponseNone,
		},
		SupportedAcrs: []string{"urn:acr:otp"}, PkceS256Required: true,
	}
}

func testClient() *registry.Client {
	service := testService()
	return &registry.Client{Client: authlete.Client{
		ClientID: 1, ClientIDAlias: "app", ClientType: authlete.ClientPublic, RedirectURIs: []string{redirect},
		GrantTypes: service.SupportedGrantTypes, ResponseTypes: service.SupportedResponseTypes,
	}}
}

// read is what Endpoint.Authorization does before it needs the store.
func read(raw string) (*Request, *oauth.Error, error) {
	values, err := params.Parse(raw)
	if err != nil {
		return nil, nil, err
	}
	request, refusal := begin(values, testClient())
	if refusal != nil {
		return nil, refusal, nil
	}
	return request, validate(request, values, testClient(), testService()), nil
}

// FuzzAuthorization: whatever a request says, it is refused or has these properties.
func FuzzAuthorization(f *testing.F) {
	pkce := "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	base := "client_id=app&redirect_uri=" + url.QueryEscape(redirect) + "&response_type="
	f.Add(base + "code&scope=openid+email&state=%22%3C&prompt=login+consent&max_age=0" + pkce)
	f.Add(base + "id_token&scope=openid&nonce=n&response_mode=form_post&display=popup&acr_values=urn:acr:otp")
	f.Add(base + "code+id_token&scope=openid&nonce=n&claims=%7B%22id_token%22%3A%7B%22email%22%3Anull%7D%7D" + pkce)
	f.Add(base + "token&response_mode=query")
	f.Add("client_id=app&scope=read&response_type=none")
	f.Add("client_id=1&response_type=code&max_age=99999999999999999999")
	f.Fuzz(func(t *testing.T, raw string) {
		request, refusal, err := read(raw)
		if err != nil || request == nil {
			return
		}
		if request.RedirectURI != redirect {
			t.Fatalf("answers go to %q", request.RedirectURI)
		}
		parameters := []parameter{{"code", "c"}}
		if refusal != nil {
			parameters = refusalParameters(refusal)
		}
		checkAnswer(t, request, parameters)
		if refusal == nil {
			checkAccepted(t, request)
		}
	})
}

// checkAnswer: the answer goes to the redirect URI and brings state and iss back unchanged.
func checkAnswer(t *testing.T, request *Request, parameters []parameter) {
	t.Helper()
	end := respond(request, testService(), parameters)
	if end.form {
		if strings.Count(end.content, "<script>") != 1 || strings.Count(end.content, "<form") != 1 {
			t.Fatalf("the form was broken out of: %s", end.content)
		}
		return
	}
	text, ok := strings.CutPrefix(end.content, redirect)
	if !ok || strings.ContainsAny(end.content, "\r\n ") {
		t.Fatalf("location %q", end.content)
	}
	values, err := url.ParseQuery(text[1:])
	if err != nil {
		t.Fatalf("location %q: %v", end.content, err)
	}
	if values.Get("state") != request.State || values.Get("iss") != testService().Issuer || values.Get(parameters[0].name) != parameters[0].value {
		t.Fatalf("state %q came back as %q in %q", request.State, values.Get("state"), end.content)
	}
}

func checkAccepted(t *testing.T, request *Request) {
	t.Helper()
	service := testService()
	if !slices.Contains(service.SupportedResponseTypes, request.ResponseType) {
		t.Fatalf("response type %q", request.ResponseType)
	}
	if request.wantsCode() && (request.ChallengeMethod != issue.ChallengeS256 || len(request.Challenge) < minChallenge) {
		t.Fatal("a code for a public client without PKCE")
	}
	if request.frontChannelTokens() && request.ResponseMode == modeQuery {
		t.Fatal("tokens in a query")
	}
	if request.wantsIDToken() && (request.Nonce == "" || !request.openID()) {
		t.Fatal("an ID token without nonce or openid")
	}
	if slices.Contains(request.prompts, authlete.PromptNone) && len(request.prompts) != 1 {
		t.Fatalf("prompts %v", request.prompts)
	}
	for _, scope := range request.Scopes {
		if !slices.ContainsFunc(service.SupportedScopes, func(s authlete.Scope) bool { return s.Name == scope }) {
			t.Fatalf("scope %q", scope)
		}
	}
	doc, err := request.encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(request, again, cmpopts.IgnoreUnexported(Request{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the ticket changed the request (-before +after):\n%s", diff)
	}
}

// FuzzClaims: whatever the claims parameter says, what is taken from it is well formed.
func FuzzClaims(f *testing.F) {
	f.Add(`{"id_token":{"email":{"essential":true},"acr":{"values":["a","b"]},"sub":{"value":"1"}},"userinfo":{"name#ja":null}}`)
	f.Add(`{"userinfo":null,"id_token":{"x":[]}}`)
	f.Add(`{"id_token":{"sub":{"value":7}}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		claims, refusal := parseClaims(text)
		request := &Request{}
		if refusal == nil {
			refusal = request.applyClaims(claims)
		}
		if refusal != nil {
			return
		}
		names := append(slices.Clone(request.claims), request.ClaimsAtUserInfo...)
		if len(names) > maxClaims {
			t.Fatalf("%d claims", len(names))
		}
		for _, own := range []string{"sub", "acr", "auth_time"} {
			if slices.Contains(names, own) {
				t.Fatalf("%s is asked of the front end", own)
			}
		}
		for _, member := range []string{request.idTokenClaims, request.UserInfoClaims} {
			if member == "" {
				continue
			}
			var decoded map[string]map[string]any
			if err := json.Unmarshal([]byte(member), &decoded); err != nil || len(decoded) == 0 {
				t.Fatalf("member %q: %v", member, err)
			}
		}
		if request.acrEssential && len(request.acrs) == 0 {
			t.Fatal("an essential acr without a value")
		}
	})
}

func TestPlainChallenge(t *testing.T) {
	t.Parallel()
	service := testService()
	service.PkceS256Required = false
	values, err := params.Parse("response_type=code&code_challenge=" + strings.Repeat("a", minChallenge))
	if err != nil {
		t.Fatal(err)
	}
	request := &Request{ResponseType: authlete.ResponseCode}
	if refusal := checkPKCE(request, values, testClient(), service); refusal != nil {
		t.Fatal(refusal)
	}
	if request.ChallengeMethod != issue.ChallengePlain {
		t.Errorf("method = %q", request.ChallengeMethod)
	}
}
