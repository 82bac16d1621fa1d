package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/authserver-dev/operator/internal/authlete"
)

// modules maps the modules of the plans, without "oidcc-", to their tests.
func modules() map[string]func(*run) {
	with := func(name, value string) func(*run) {
		return func(r *run) { r.flow(map[string]string{name: value}) }
	}
	return map[string]func(*run){
		"server":                             server,
		"server-client-secret-post":          clientSecretPost,
		"response-type-missing":              responseTypeMissing,
		"idtoken-signature":                  idTokenSignature,
		"idtoken-unsigned":                   idTokenUnsigned,
		"userinfo-get":                       func(r *run) { userInfo(r, byGet) },
		"userinfo-post-header":               func(r *run) { userInfo(r, byPostHeader) },
		"userinfo-post-body":                 func(r *run) { userInfo(r, byPostBody) },
		"scope-profile":                      func(r *run) { scope(r, "openid profile") },
		"scope-email":                        func(r *run) { scope(r, "openid email") },
		"scope-address":                      func(r *run) { scope(r, "openid address") },
		"scope-phone":                        func(r *run) { scope(r, "openid phone") },
		"scope-all":                          func(r *run) { scope(r, "openid email phone address profile") },
		"alternate-happy-flow":               alternateOrder,
		"claims-essential":                   claimsEssential,
		"display-page":                       with("display", "page"),
		"display-popup":                      with("display", "popup"),
		"login-hint":                         with("login_hint", "buffy@rp.example.com"),
		"ui-locales":                         with("ui_locales", "se"),
		"claims-locales":                     with("claims_locales", "se"),
		"prompt-login":                       promptLogin,
		"prompt-none-not-logged-in":          promptNoneNotLoggedIn,
		"prompt-none-logged-in":              promptNoneLoggedIn,
		"max-age-1":                          maxAge1,
		"max-age-10000":                      maxAge10000,
		"id-token-hint":                      idTokenHint,
		"codereuse":                          codeReuse,
		"codereuse-30seconds":                codeReuseAfter30Seconds,
		"refresh-token":                      refreshToken,
		"ensure-post-request-succeeds":       postRequest,
		"ensure-registered-redirect-uri":     unregisteredRedirectURI,
		"ensure-request-without-nonce-fails": withoutNonceFails,
		"ensure-request-without-nonce-succeeds-for-code-flow":                    withoutNonceSucceeds,
		"ensure-request-with-unknown-parameter-succeeds":                         with("extra", "foobar"),
		"ensure-request-with-acr-values-succeeds":                                acrValues,
		"ensure-request-with-valid-pkce-succeeds":                                pkce,
		"ensure-request-object-with-redirect-uri":                                requestObjectWithRedirectURI,
		"unsigned-request-object-supported-correctly-or-rejected-as-unsupported": unsignedRequestObject,
		"request-uri-unsigned-supported-correctly-or-rejected-as-unsupported":    requestURI,
	}
}

// server is the ordinary flow, looked at closely.
func server(r *run) {
	g := r.flow(nil)
	if r.has("code") {
		r.checkEntropy("code", g.answer.Get("code"))
	}
	if g.frontID != nil {
		r.checkHash(g.frontID, "at_hash", g.answer.Get("access_token"), r.has("token"))
		r.checkHash(g.frontID, "c_hash", g.answer.Get("code"), r.has("code"))
	}
	if g.backID != nil {
		r.checkHash(g.backID, "at_hash", g.access, false)
		r.checkHash(g.backID, "c_hash", g.answer.Get("code"), false)
	}
	expected := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "nbf", "jti", "sid"}
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token == nil {
			continue
		}
		for name := range token.claims {
			if !slices.Contains(expected, name) {
				r.t.Errorf("the ID token has the claim %s, which nobody asked for", name)
			}
		}
	}
}

func clientSecretPost(r *run) {
	if !r.lists("token_endpoint_auth_methods_supported", "client_secret_post") {
		r.t.Error("client_secret_post is not in the discovery document")
	}
	r.client = r.register(authlete.AuthClientSecretPost)
	r.flow(nil)
}

func responseTypeMissing(r *run) {
	request := r.request(map[string]string{"response_type": ""})
	mode := modeQuery
	if r.formPost {
		mode = modeFormPost
	}
	r.checkError(r.answer(r.open(request), mode), request, "invalid_request", "unsupported_response_type")
}

// idTokenSignature: a client that chose no algorithm gets RS256, and the header names the key.
func idTokenSignature(r *run) {
	g := r.flow(nil)
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token != nil && (token.header.Algorithm != "RS256" || token.header.KeyID == "") {
			r.t.Errorf("the ID token's header has algorithm %q and key %q", token.header.Algorithm, token.header.KeyID)
		}
	}
}

// idTokenUnsigned is skipped by the Foundation's suite where "none" is not supported. It is not: neither published, nor
// registered.
func idTokenUnsigned(r *run) {
	if r.lists("id_token_signing_alg_values_supported", "none") {
		r.t.Error("the discovery document offers ID tokens without a signature")
	}
	for _, alg := range []authlete.JWSAlg{"none", "NONE"} {
		client := *r.client
		client.ClientID, client.ClientIDAlias, client.IDTokenSignAlg = 0, client.ClientIDAlias+"-2", alg
		if _, err := r.s.Engine.ClientCreate(r.t.Context(), &client); err == nil {
			r.t.Errorf("a client was registered with the algorithm %s", alg)
		}
	}
}

func userInfo(r *run, way string) {
	g := r.flow(nil)
	claims := r.userInfo(g.access, way)
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token != nil && token.claims["sub"] != claims["sub"] {
			r.t.Errorf("userinfo has sub %v, the ID token %v", claims["sub"], token.claims["sub"])
		}
	}
}

// released returns the claims that the flow released: those of the userinfo endpoint, or of the ID token where there is
// no access token to ask with.
func (r *run) released(g *grant) map[string]any {
	r.t.Helper()
	if g.access == "" {
		return g.frontID.claims
	}
	return r.userInfo(g.access, byGet)
}

func scope(r *run, scopes string) {
	r.checkScopeClaims(r.released(r.flow(map[string]string{"scope": scopes})), scopes)
}

// alternateOrder: neither the order of scopes nor that of parameters matters (RFC 6749, section 3.3).
func alternateOrder(r *run) {
	request := r.request(map[string]string{"scope": "email openid"})
	parameters := strings.Split(request.Encode(), "&")
	slices.Reverse(parameters)
	page := r.browser.Get("/api/authorization?" + strings.Join(parameters, "&"))
	r.checkScopeClaims(r.released(r.complete(request, r.answer(r.submit(page), r.mode()))), "openid email")
}

// claimsEssential: a claim comes where it was asked for, and only there.
func claimsEssential(r *run) {
	member := "userinfo"
	if r.responseType == "id_token" {
		member = "id_token"
	}
	g := r.flow(map[string]string{"claims": `{"` + member + `":{"name":{"essential":true}}}`})
	if r.released(g)["name"] != "Alice Adams" {
		r.t.Error("the essential claim name is missing")
	}
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token != nil && member != "id_token" && token.claims["name"] != nil {
			r.t.Error("the ID token has the claim name, which was asked for at the userinfo endpoint")
		}
	}
}

func postRequest(r *run) {
	request := r.request(nil)
	page := r.browser.Post("/api/authorization", request)
	if !asks(page) {
		r.t.Fatalf("no login page came: %d", page.Status)
	}
	r.complete(request, r.answer(r.submit(page), r.mode()))
}

func unregisteredRedirectURI(r *run) {
	for _, uri := range []string{redirectURI + "/more", redirectURI + "?extra=1", "https://rp.example.com/", strings.Replace(redirectURI, "rp.", "rp2.", 1)} {
		r.checkPage(r.open(r.request(map[string]string{"redirect_uri": uri})), "redirect_uri")
	}
}

func withoutNonceFails(r *run) {
	request := r.request(map[string]string{"nonce": ""})
	r.checkError(r.answer(r.open(request), r.mode()), request, "invalid_request")
}

func withoutNonceSucceeds(r *run) { r.flow(map[string]string{"nonce": ""}) }

// acrValues: the ID token says which of the requested classes the login had. The Foundation's suite asks for those that
// discovery lists, and for "1 2" where it lists none.
func acrValues(r *run) {
	wanted := []string{"1", "2"}
	if list, ok := r.document["acr_values_supported"].([]any); ok {
		wanted = nil
		for _, value := range list {
			wanted = append(wanted, value.(string))
		}
	}
	g := r.flow(map[string]string{"acr_values": strings.Join(wanted, " ")})
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token != nil && !slices.Contains(wanted, text(token.claims, "acr")) {
			r.t.Errorf("the ID token's acr is %v, not one of %v", token.claims["acr"], wanted)
		}
	}
}

func pkce(r *run) {
	verifier := oauth2.GenerateVerifier()
	request := r.request(map[string]string{"code_challenge": oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method": "S256"})
	g := r.accept(request, r.login(request))
	r.redeem(g, url.Values{"code_verifier": {verifier}})
	r.userInfo(g.access, byGet)
}

func codeReuse(r *run) {
	g := r.flow(nil)
	r.checkTokenError(r.token(r.codeRequest(g, nil)), "invalid_grant")
}

// codeReuseAfter30Seconds: a second use of a code ends what the first one gave (RFC 6749, section 4.1.2).
func codeReuseAfter30Seconds(r *run) {
	g := r.flow(nil)
	r.turn(30 * time.Second)
	r.checkTokenError(r.token(r.codeRequest(g, nil)), "invalid_grant")
	if answer := r.callUserInfo(g.access, byGet); answer.status != http.StatusUnauthorized {
		r.t.Errorf("the access token still works: %d", answer.status)
	}
}
