package conformance

import (
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// grant is what a client has after an authorization.
type grant struct {
	request url.Values
	answer  url.Values
	// frontID came from the authorization endpoint, backID from the token endpoint; nil where none came.
	frontID, backID *idToken
	access, refresh string
	tokens          map[string]any
}

// idToken returns the last ID token that came.
func (g *grant) idToken() *idToken {
	if g.backID != nil {
		return g.backID
	}
	return g.frontID
}

// flow is a whole flow with a login: what every module asserts of one that succeeds.
func (r *run) flow(change map[string]string) *grant {
	r.t.Helper()
	request := r.request(change)
	return r.complete(request, r.login(request))
}

// complete checks the answer, redeems its code and calls the userinfo endpoint with every access token.
func (r *run) complete(request, answer url.Values) *grant {
	r.t.Helper()
	g := r.accept(request, answer)
	if g.access != "" {
		r.userInfo(g.access, byGet)
	}
	if r.has("code") {
		r.redeem(g, nil)
		r.userInfo(g.access, byGet)
	}
	return g
}

// accept checks the answer of the authorization endpoint.
func (r *run) accept(request, answer url.Values) *grant {
	r.t.Helper()
	if answer.Get("error") != "" {
		r.t.Fatalf("the request was refused: %s: %s", answer.Get("error"), answer.Get("error_description"))
	}
	if answer.Get("state") != request.Get("state") || answer.Get("iss") != r.s.URL {
		r.t.Errorf("state %q and iss %q do not belong to the request", answer.Get("state"), answer.Get("iss"))
	}
	for part, parameter := range map[string]string{"code": "code", "token": "access_token", "id_token": "id_token"} {
		if r.has(part) != answer.Has(parameter) {
			r.t.Fatalf("response type %q, and the answer has %s: %t", r.responseType, parameter, answer.Has(parameter))
		}
	}
	if rest := unexpected(answer, "code", "access_token", "token_type", "expires_in", "scope", "id_token", "state", "iss"); len(rest) > 0 {
		r.t.Errorf("the answer has unknown parameters: %v", rest)
	}
	g := &grant{request: request, answer: answer, access: answer.Get("access_token")}
	if r.has("id_token") {
		g.frontID = r.checkIDToken(answer.Get("id_token"), request)
	}
	return g
}

// redeem redeems the code. What the token endpoint gives replaces what came before.
func (r *run) redeem(g *grant, change url.Values) {
	r.t.Helper()
	answer := r.token(r.codeRequest(g, change))
	if answer.status != http.StatusOK {
		r.t.Fatalf("the token endpoint answers %d\n%s", answer.status, answer.body)
	}
	r.take(g, answer)
	g.backID = r.checkIDToken(text(g.tokens, "id_token"), g.request)
	if g.frontID != nil && g.frontID.claims["sub"] != g.backID.claims["sub"] {
		r.t.Errorf("the ID tokens differ in sub: %v, %v", g.frontID.claims["sub"], g.backID.claims["sub"])
	}
}

func (r *run) codeRequest(g *grant, change url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {g.answer.Get("code")}, "redirect_uri": {r.redirect}}
	maps.Copy(form, change)
	return form
}

// take takes the tokens of the token endpoint.
func (r *run) take(g *grant, answer response) {
	r.t.Helper()
	g.tokens = r.json(answer)
	g.access, g.refresh = text(g.tokens, "access_token"), text(g.tokens, "refresh_token")
	if g.access == "" {
		r.t.Fatalf("no access token came: %s", answer.body)
	}
	if seconds, ok := g.tokens["expires_in"].(float64); !ok || seconds <= 0 {
		r.t.Errorf("expires_in is %v", g.tokens["expires_in"])
	}
}

// token calls the token endpoint, authenticated by the client's method.
func (r *run) token(form url.Values) response {
	r.t.Helper()
	if r.client.TokenAuthMethod == authlete.AuthClientSecretPost {
		form.Set("client_id", r.client.ClientIDAlias)
		form.Set("client_secret", r.client.ClientSecret)
		return r.send(http.MethodPost, "/api/token", form, nil)
	}
	return r.send(http.MethodPost, "/api/token", form, func(request *http.Request) {
		request.SetBasicAuth(url.QueryEscape(r.client.ClientIDAlias), url.QueryEscape(r.client.ClientSecret))
	})
}

// Ways of giving an access token to the userinfo endpoint.
const (
	byGet        = "GET"
	byPostHeader = "POST, token in the header"
	byPostBody   = "POST, token in the body"
)

// callUserInfo calls the userinfo endpoint.
func (r *run) callUserInfo(access, way string) response {
	r.t.Helper()
	authorize := func(request *http.Request) { request.Header.Set("Authorization", "Bearer "+access) }
	switch way {
	case byPostHeader:
		return r.send(http.MethodPost, "/api/userinfo", nil, authorize)
	case byPostBody:
		return r.send(http.MethodPost, "/api/userinfo", url.Values{"access_token": {access}}, nil)
	default:
		return r.send(http.MethodGet, "/api/userinfo", nil, authorize)
	}
}

// userInfo returns the claims of the userinfo endpoint, which must belong to the person.
func (r *run) userInfo(access, way string) map[string]any {
	r.t.Helper()
	answer := r.callUserInfo(access, way)
	if answer.status != http.StatusOK {
		r.t.Fatalf("userinfo (%s) answers %d\n%s", way, answer.status, answer.body)
	}
	claims := r.json(answer)
	if claims["sub"] != subject {
		r.t.Errorf("userinfo: sub is %v", claims["sub"])
	}
	r.checkStandardClaims(claims)
	return claims
}

// turn turns the server's clock forward. Modules that run at the same time turn it, too: nothing may depend on its
// standing still.
func (r *run) turn(d time.Duration) { r.s.Turn(d) }

// text returns a member that is a string, or "".
func text(members map[string]any, name string) string {
	value, _ := members[name].(string)
	return value
}
