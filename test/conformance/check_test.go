package conformance

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authserver-dev/operator/test/servertest"
)

// idToken is an ID token whose signature was right.
type idToken struct {
	text   string
	header jose.Header
	claims map[string]any
}

// number returns a claim that is a number, or 0.
func (i *idToken) number(name string) int64 {
	value, _ := i.claims[name].(float64)
	return int64(value)
}

type keySet struct{ jose.JSONWebKeySet }

// fetchKeys reads the server's keys: each public, usable, with an identifier of its own (RFC 7517, section 4.5).
func (r *run) fetchKeys() keySet {
	r.t.Helper()
	uri, ok := strings.CutPrefix(text(r.document, "jwks_uri"), r.s.URL)
	if !ok {
		r.t.Fatalf("jwks_uri is %v", r.document["jwks_uri"])
	}
	answer := r.send(http.MethodGet, uri, nil, nil)
	var set keySet
	if err := json.Unmarshal(answer.body, &set.JSONWebKeySet); err != nil || answer.status != http.StatusOK {
		r.t.Fatalf("the JWK Set cannot be read: %d %v", answer.status, err)
	}
	seen := map[string]bool{}
	for _, key := range set.Keys {
		usable := key.IsPublic() && key.Valid() && key.Use == "sig" && r.lists("id_token_signing_alg_values_supported", key.Algorithm)
		if !usable || key.KeyID == "" || seen[key.KeyID] {
			r.t.Errorf("the JWK Set has a key that no client can use: %+v", key)
		}
		seen[key.KeyID] = true
	}
	return set
}

// checkIDToken checks an ID token as a client must (OpenID Connect Core 1.0, section 3.1.3.7).
func (r *run) checkIDToken(raw string, request url.Values) *idToken {
	r.t.Helper()
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		r.t.Fatalf("the ID token %q is not signed with RS256: %v", raw, err)
	}
	payload, err := signed.Verify(r.keys.JSONWebKeySet)
	if err != nil {
		r.t.Fatalf("the ID token's signature is wrong: %v", err)
	}
	token := &idToken{text: raw, header: signed.Signatures[0].Header, claims: map[string]any{}}
	if err := json.Unmarshal(payload, &token.claims); err != nil {
		r.t.Fatal(err)
	}
	for name, want := range map[string]any{"iss": r.s.URL, "sub": subject} {
		if token.claims[name] != want {
			r.t.Errorf("ID token: %s is %v, not %v", name, token.claims[name], want)
		}
	}
	audience, isList := token.claims["aud"].([]any)
	if !isList {
		audience = []any{token.claims["aud"]}
	}
	if !slices.Equal(audience, []any{r.client.ClientIDAlias}) {
		r.t.Errorf("ID token: aud is %v, not the client", audience)
	}
	if text(token.claims, "nonce") != request.Get("nonce") {
		r.t.Errorf("ID token: nonce is %v, not %q", token.claims["nonce"], request.Get("nonce"))
	}
	r.checkTimes(token)
	r.checkStandardClaims(token.claims)
	return token
}

// checkTimes checks the times of an ID token with five minutes of tolerance, as the Foundation's suite does.
func (r *run) checkTimes(token *idToken) {
	r.t.Helper()
	now, tolerance := r.s.Now(), 5*time.Minute
	at := func(name string) time.Time { return time.Unix(token.number(name), 0) }
	if !at("exp").After(now.Add(-tolerance)) || at("exp").After(now.AddDate(50, 0, 0)) {
		r.t.Errorf("ID token: exp is %v", token.claims["exp"])
	}
	if at("iat").Sub(now).Abs() > tolerance {
		r.t.Errorf("ID token: iat is %v", token.claims["iat"])
	}
	if _, ok := token.claims["auth_time"]; ok && (at("auth_time").After(now) || at("auth_time").Before(now.AddDate(-1, 0, 0))) {
		r.t.Errorf("ID token: auth_time is %v", token.claims["auth_time"])
	}
	if acr, ok := token.claims["acr"]; ok && acr == "" {
		r.t.Error("ID token: acr is empty")
	}
}

// checkStandardClaims checks the types of the standard claims (OpenID Connect Core 1.0, section 5.1).
func (r *run) checkStandardClaims(claims map[string]any) {
	r.t.Helper()
	for _, names := range standardClaims() {
		for _, name := range names {
			value, ok := claims[name]
			if !ok {
				continue
			}
			switch name {
			case "email_verified", "phone_number_verified":
				_, ok = value.(bool)
			case "updated_at":
				seconds, isNumber := value.(float64)
				ok = isNumber && seconds > 0 && seconds <= float64(r.s.Now().Unix())
			case "address":
				_, ok = value.(map[string]any)
			default:
				var s string
				s, ok = value.(string)
				ok = ok && s != ""
			}
			if !ok {
				r.t.Errorf("the claim %s has the value %v", name, value)
			}
		}
	}
}

// checkScopeClaims: all claims of the requested scopes are there.
func (r *run) checkScopeClaims(claims map[string]any, scope string) {
	r.t.Helper()
	for name := range strings.FieldsSeq(scope) {
		for _, claim := range standardClaims()[name] {
			if claims[claim] == nil {
				r.t.Errorf("scope %s was granted, and the claim %s is missing", name, claim)
			}
		}
	}
}

// checkHash: at_hash or c_hash is the left half of the value's hash (OpenID Connect Core 1.0, section 3.3.2.11).
func (r *run) checkHash(token *idToken, name, value string, required bool) {
	r.t.Helper()
	sum := sha256.Sum256([]byte(value))
	have, ok := token.claims[name]
	if !ok && !required {
		return
	}
	if have != base64.RawURLEncoding.EncodeToString(sum[:16]) {
		r.t.Errorf("ID token: %s is %v", name, have)
	}
}

// checkError checks an error response of the authorization endpoint (OpenID Connect Core 1.0, section 3.1.2.6).
func (r *run) checkError(answer, request url.Values, allowed ...string) {
	r.t.Helper()
	if !slices.Contains(allowed, answer.Get("error")) {
		r.t.Errorf("the error is %q, not one of %v", answer.Get("error"), allowed)
	}
	if answer.Get("state") != request.Get("state") || answer.Get("iss") != r.s.URL {
		r.t.Errorf("state %q and iss %q do not belong to the request", answer.Get("state"), answer.Get("iss"))
	}
	if rest := unexpected(answer, "error", "error_description", "error_uri", "state", "iss"); len(rest) > 0 {
		r.t.Errorf("the error response has other parameters: %v", rest)
	}
	r.checkDescription(answer.Get("error_description"), answer.Get("error_uri"))
}

// checkDescription checks the characters of error_description and error_uri (RFC 6749, sections 4.1.2.1 and 5.2).
func (r *run) checkDescription(description, uri string) {
	r.t.Helper()
	if strings.ContainsFunc(description, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) {
		r.t.Errorf("error_description has a character that is not allowed: %q", description)
	}
	if strings.ContainsFunc(uri, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
		r.t.Errorf("error_uri has a character that is not allowed: %q", uri)
	}
}

// checkTokenError checks an error of the token endpoint (RFC 6749, section 5.2).
func (r *run) checkTokenError(answer response, code string) {
	r.t.Helper()
	members := r.json(answer)
	if answer.status != http.StatusBadRequest || members["error"] != code {
		r.t.Errorf("the token endpoint answers %d %v, not 400 %s", answer.status, members, code)
	}
	r.checkDescription(text(members, "error_description"), text(members, "error_uri"))
}

// checkEntropy: a value that nobody guesses has at least 22 characters, and 96 bits by the frequency of its characters.
func (r *run) checkEntropy(name, value string) {
	r.t.Helper()
	counts := map[rune]float64{}
	for _, c := range value {
		counts[c]++
	}
	bits, length := 0.0, float64(len(value))
	for _, n := range counts {
		bits -= n * math.Log2(n/length)
	}
	if length < 22 || bits < 96 {
		r.t.Errorf("the %s has %.0f characters and %.0f bits", name, length, bits)
	}
}

// checkPage: the person sees a page that says what is wrong, and is sent nowhere. The Foundation's suite wants a screenshot.
func (r *run) checkPage(page servertest.Page, words string) {
	r.t.Helper()
	if page.Status != http.StatusBadRequest || page.Location != nil || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		r.t.Errorf("status %d, location %v, type %q instead of an error page", page.Status, page.Location, page.Header.Get("Content-Type"))
	}
	if strings.Contains(page.Body, "<form") || !strings.Contains(page.Body, words) {
		r.t.Errorf("the page does not say %q:\n%s", words, page.Body)
	}
}
