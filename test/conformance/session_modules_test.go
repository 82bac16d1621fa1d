package conformance

import (
	"maps"
	"net/url"
	"strings"
	"time"
)

// twice logs in, and returns what the second request gives, for which the server must not ask for a password.
func (r *run) twice(first map[string]string, second func(*grant) map[string]string) (one, two *grant) {
	r.t.Helper()
	one = r.flow(first)
	r.turn(time.Second)
	request := r.request(second(one))
	page := r.open(request)
	if asks(page) {
		r.t.Fatal("the server asks for a password although the person is logged in")
	}
	two = r.complete(request, r.answer(page, r.mode()))
	for _, name := range []string{"sub", "auth_time"} {
		if one.idToken().claims[name] != two.idToken().claims[name] {
			r.t.Errorf("%s is %v at first, then %v", name, one.idToken().claims[name], two.idToken().claims[name])
		}
	}
	return one, two
}

// again logs in, waits, and returns what the second request gives, for which the server must ask for a password.
func (r *run) again(wait time.Duration, second map[string]string) (one, two *grant) {
	r.t.Helper()
	one = r.flow(nil)
	r.turn(wait)
	two = r.flow(second)
	if one.idToken().claims["sub"] != two.idToken().claims["sub"] {
		r.t.Error("another person is logged in")
	}
	if before, after := one.idToken().number("auth_time"), two.idToken().number("auth_time"); after <= before {
		r.t.Errorf("auth_time is %d after a second login, and was %d", after, before)
	}
	return one, two
}

func promptLogin(r *run) { r.again(time.Second, map[string]string{"prompt": "login"}) }

func promptNoneLoggedIn(r *run) {
	r.twice(nil, func(*grant) map[string]string { return map[string]string{"prompt": "none"} })
}

func promptNoneNotLoggedIn(r *run) {
	request := r.request(map[string]string{"prompt": "none", "state": strings.Repeat("0123456789abcdef", 8)})
	answer := r.answer(r.open(request), r.mode())
	r.checkError(answer, request, "login_required", "interaction_required", "account_selection_required", "consent_required")
}

// checkAuthTime: with max_age, every ID token says when the person logged in (OpenID Connect Core 1.0, section 2).
func (r *run) checkAuthTime(g *grant) {
	r.t.Helper()
	for _, token := range []*idToken{g.frontID, g.backID} {
		if token != nil && token.number("auth_time") == 0 {
			r.t.Error("max_age was sent, and the ID token has no auth_time")
		}
	}
}

func maxAge1(r *run) {
	_, second := r.again(2*time.Second, map[string]string{"max_age": "1"})
	r.checkAuthTime(second)
	if age := r.s.Now().Unix() - second.idToken().number("auth_time"); age > 300 {
		r.t.Errorf("auth_time is %d seconds ago", age)
	}
}

func maxAge10000(r *run) {
	first, second := r.twice(map[string]string{"max_age": "15000"}, func(*grant) map[string]string { return map[string]string{"max_age": "10000"} })
	r.checkAuthTime(first)
	r.checkAuthTime(second)
}

func idTokenHint(r *run) {
	r.twice(nil, func(first *grant) map[string]string {
		return map[string]string{"prompt": "none", "id_token_hint": first.idToken().text}
	})
}

// refreshToken: a refresh token works, with the same identity in the new ID token, and for its client only.
func refreshToken(r *run) {
	if !r.lists("grant_types_supported", "refresh_token") || !r.lists("scopes_supported", "offline_access") {
		r.t.Error("the discovery document offers no refresh tokens")
	}
	first := r.client
	r.refreshFlow(url.Values{"scope": {"openid offline_access"}}, nil)

	// The second client has a redirect URI with a query and a longer nonce, and names no scope at the refresh.
	r.client, r.redirect = r.register(first.TokenAuthMethod), redirectURIQuery
	second := r.refreshFlow(nil, map[string]string{"nonce": strings.Repeat("n", 43)})

	r.client = first
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {second.refresh}, "scope": {"openid offline_access"}}
	r.checkTokenError(r.token(form), "invalid_grant")
}

// refreshFlow logs in where nobody is logged in, and refreshes.
func (r *run) refreshFlow(change url.Values, request map[string]string) *grant {
	r.t.Helper()
	parameters := map[string]string{"scope": "openid offline_access", "prompt": "consent"}
	maps.Copy(parameters, request)
	values := r.request(parameters)
	g := r.complete(values, r.answer(r.submit(r.open(values)), r.mode()))
	if g.refresh == "" || strings.ContainsFunc(g.refresh, func(c rune) bool { return c < ' ' || c > '~' }) {
		r.t.Fatalf("the refresh token is %q", g.refresh)
	}
	before := *g
	r.turn(time.Second)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.refresh}}
	maps.Copy(form, change)
	answer := r.token(form)
	if answer.status != 200 {
		r.t.Fatalf("the refresh was refused: %d %s", answer.status, answer.body)
	}
	if !strings.Contains(answer.header.Get("Cache-Control"), "no-store") {
		r.t.Errorf("Cache-Control is %q (RFC 6749, section 5.1)", answer.header.Get("Cache-Control"))
	}
	r.take(g, answer)
	r.checkRefreshed(&before, g)
	r.userInfo(g.access, byGet)
	return g
}

// checkRefreshed compares the tokens of a refresh with those of before (OpenID Connect Core 1.0, section 12.2).
func (r *run) checkRefreshed(before, after *grant) {
	r.t.Helper()
	if !strings.EqualFold(text(after.tokens, "token_type"), "Bearer") || after.access == before.access {
		r.t.Errorf("token_type %v, or the access token of before", after.tokens["token_type"])
	}
	r.checkEntropy("access token", after.access)
	r.checkEntropy("refresh token", after.refresh)
	raw := text(after.tokens, "id_token")
	if raw == "" {
		return // a refresh need not give an ID token
	}
	token := r.checkIDToken(raw, url.Values{}) // which has no nonce
	for _, name := range []string{"iss", "sub", "azp", "auth_time"} {
		if token.claims[name] != before.backID.claims[name] {
			r.t.Errorf("the refreshed ID token has %s %v, the first one %v", name, token.claims[name], before.backID.claims[name])
		}
	}
	if token.number("iat") <= before.backID.number("iat") {
		r.t.Error("the refreshed ID token has the time of the first one")
	}
}
