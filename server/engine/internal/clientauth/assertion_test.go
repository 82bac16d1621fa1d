package clientauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// The keys of the tests are made once: an RSA key takes long.
var (
	ecKeys = sync.OnceValue(func() map[string]*ecdsa.PrivateKey {
		made := map[string]*ecdsa.PrivateKey{}
		for _, kid := range []string{"k1", "k2", "stranger"} {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				panic(err)
			}
			made[kid] = key
		}
		return made
	})
	rsaOnce = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	})
)

// signingKey is a private key with its id.
type signingKey struct {
	kid    string
	signer crypto.Signer
}

func ecKey(kid string) signingKey  { return signingKey{kid: kid, signer: ecKeys()[kid]} }
func rsaKey(kid string) signingKey { return signingKey{kid: kid, signer: rsaOnce()} }

// publicKeys returns the JWK Set of keys.
func publicKeys(tb testing.TB, keys ...signingKey) string {
	tb.Helper()
	var set jose.JSONWebKeySet
	for _, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.signer.Public(), KeyID: key.kid})
	}
	doc, err := json.Marshal(set)
	if err != nil {
		tb.Fatal(err)
	}
	return string(doc)
}

// assertionOf is how a test makes an assertion.
type assertionOf struct {
	key    signingKey
	alg    jose.SignatureAlgorithm
	claims map[string]any
}

// goodAssertion is one of the client "jwt" that is in order.
func goodAssertion(f *fixture.Fixture) *assertionOf {
	now := f.Clock.Now().Unix()
	return &assertionOf{key: ecKey("k1"), alg: jose.ES256, claims: map[string]any{
		"iss": "jwt", "sub": "jwt", "aud": fixture.Issuer, "exp": now + 300, "iat": now, "nbf": now, "jti": "1",
	}}
}

func (a *assertionOf) sign(tb testing.TB) string {
	tb.Helper()
	var key any = jose.JSONWebKey{Key: a.key.signer, KeyID: a.key.kid}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: a.alg, Key: key}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(a.claims).Serialize()
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// bodyOf returns the parameters that carry an assertion.
func bodyOf(assertion string) string {
	return url.Values{
		"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}.Encode()
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	const hour = int64(3600)
	tests := map[string]struct {
		change func(now int64, a *assertionOf)
		extra  string // further parameters
		result string // empty for success
	}{
		"ES256":               {change: func(int64, *assertionOf) {}},
		"RS256":               {change: func(_ int64, a *assertionOf) { a.key, a.alg = rsaKey("r1"), jose.RS256 }},
		"PS256":               {change: func(_ int64, a *assertionOf) { a.key, a.alg = rsaKey("r1"), jose.PS256 }},
		"WithoutKID":          {change: func(_ int64, a *assertionOf) { a.key.kid = "" }},
		"ByNumber":            {change: func(_ int64, a *assertionOf) { a.claims["iss"], a.claims["sub"] = "4", "4" }},
		"WithClientID":        {change: func(int64, *assertionOf) {}, extra: "&client_id=jwt"},
		"AudienceIsEndpoint":  {change: func(_ int64, a *assertionOf) { a.claims["aud"] = fixture.TokenEndpoint }},
		"AudienceIsBoth":      {change: func(_ int64, a *assertionOf) { a.claims["aud"] = []string{fixture.Issuer, fixture.TokenEndpoint} }},
		"LeastClaims":         {change: func(_ int64, a *assertionOf) { delete(a.claims, "iat"); delete(a.claims, "nbf") }},
		"ClockAheadALittle":   {change: func(now int64, a *assertionOf) { a.claims["iat"], a.claims["nbf"] = now+10, now+10 }},
		"ExpiredALittle":      {change: func(now int64, a *assertionOf) { a.claims["exp"] = now - 29 }},
		"LongestLife":         {change: func(now int64, a *assertionOf) { a.claims["exp"] = now + hour }},
		"OtherClientID":       {change: func(int64, *assertionOf) {}, extra: "&client_id=basic", result: "E157305"},
		"StrangersKey":        {change: func(_ int64, a *assertionOf) { a.key = ecKey("stranger") }, result: "E157303"},
		"StrangerWithOurKID":  {change: func(_ int64, a *assertionOf) { a.key = ecKey("stranger"); a.key.kid = "k1" }, result: "E157303"},
		"StrangerWithoutKID":  {change: func(_ int64, a *assertionOf) { a.key = ecKey("stranger"); a.key.kid = "" }, result: "E157303"},
		"UnknownKID":          {change: func(_ int64, a *assertionOf) { a.key.kid = "k9" }, result: "E157303"},
		"TooLong":             {change: func(_ int64, a *assertionOf) { a.claims["x"] = strings.Repeat("x", 8<<10) }, result: "E157311"},
		"UnknownClient":       {change: func(_ int64, a *assertionOf) { a.claims["iss"], a.claims["sub"] = "nobody", "nobody" }, result: "E157303"},
		"ClientOfOtherMethod": {change: func(_ int64, a *assertionOf) { a.claims["iss"], a.claims["sub"] = "basic", "basic" }, result: "E157357"},
		"IssuerMissing":       {change: func(_ int64, a *assertionOf) { delete(a.claims, "iss") }, result: "E157312"},
		"SubjectMissing":      {change: func(_ int64, a *assertionOf) { delete(a.claims, "sub") }, result: "E157312"},
		"BothMissing":         {change: func(_ int64, a *assertionOf) { delete(a.claims, "sub"); delete(a.claims, "iss") }, result: "E157312"},
		"IssuerOther":         {change: func(_ int64, a *assertionOf) { a.claims["iss"] = "basic" }, result: "E157312"},
		"AudienceMissing":     {change: func(_ int64, a *assertionOf) { delete(a.claims, "aud") }, result: "E157312"},
		"AudienceEmpty":       {change: func(_ int64, a *assertionOf) { a.claims["aud"] = []string{} }, result: "E157312"},
		"AudienceOther":       {change: func(_ int64, a *assertionOf) { a.claims["aud"] = "https://other.example" }, result: "E157312"},
		"AudienceAmongOthers": {change: func(_ int64, a *assertionOf) {
			a.claims["aud"] = []string{fixture.Issuer, "https://other.example"}
		}, result: "E157312"},
		"JTIMissing":     {change: func(_ int64, a *assertionOf) { delete(a.claims, "jti") }, result: "E157312"},
		"JTITooLong":     {change: func(_ int64, a *assertionOf) { a.claims["jti"] = strings.Repeat("j", 257) }, result: "E157312"},
		"ExpMissing":     {change: func(_ int64, a *assertionOf) { delete(a.claims, "exp") }, result: "E157313"},
		"Expired":        {change: func(now int64, a *assertionOf) { a.claims["exp"] = now - 30 }, result: "E157313"},
		"ExpiresTooLate": {change: func(now int64, a *assertionOf) { a.claims["exp"] = now + hour + 1 }, result: "E157313"},
		"ExpiresNever":   {change: func(_ int64, a *assertionOf) { a.claims["exp"] = int64(1) << 61 }, result: "E157313"},
		"NotYetValid":    {change: func(now int64, a *assertionOf) { a.claims["nbf"] = now + 31 }, result: "E157313"},
		"FromTheFuture":  {change: func(now int64, a *assertionOf) { a.claims["iat"] = now + 60 }, result: "E157313"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newClients(t)
			assertion := goodAssertion(f)
			tc.change(f.Clock.Now().Unix(), assertion)
			_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(assertion.sign(t))+tc.extra, "", ""))
			if tc.result == "" {
				if err != nil {
					t.Errorf("Authenticate: %v", err)
				}
				return
			}
			code := oauth.InvalidClient
			if tc.result == "E157305" {
				code = oauth.InvalidRequest
			}
			wantRefusal(t, err, code, tc.result)
		})
	}
}

func TestAssertionForms(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	good := goodAssertion(f).sign(t)
	parts := strings.Split(good, ".")
	for name, assertion := range map[string]string{
		"Garbage":   "x",
		"NoneAlg":   "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"TwoParts":  parts[0] + "." + parts[1],
		"TooLong":   good + strings.Repeat("A", 8<<10),
		"JSONForm":  `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"NotAClaim": parts[0] + ".W10." + parts[2],
	} {
		_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(assertion), "", ""))
		var refusal *oauth.Error
		if !errors.As(err, &refusal) || refusal.Code != oauth.InvalidClient {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Whatever of the signed text changes, the signature shows it.
	tampered := parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(tampered), "", ""))
	wantRefusal(t, err, oauth.InvalidClient, "E157303")
}

func TestAssertionIsUsedOnce(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	body := bodyOf(goodAssertion(f).sign(t))
	var won atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", "")); err == nil {
				won.Add(1)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 uses of one assertion succeeded, want 1", won.Load())
	}
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, body, "", ""))
	wantRefusal(t, err, oauth.InvalidClient, "E157314")
}

// TestForgedAssertionDoesNotUseUpTheID shows that only the client can spend its ids.
func TestForgedAssertionDoesNotUseUpTheID(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	forged := goodAssertion(f)
	forged.key = ecKey("stranger")
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(forged.sign(t)), "", ""))
	wantRefusal(t, err, oauth.InvalidClient, "E157303")
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(goodAssertion(f).sign(t)), "", "")); err != nil {
		t.Errorf("the client's own assertion: %v", err)
	}
}

func TestAssertionAlgorithmIsPinned(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	f.UpdateClient("jwt", func(c *authlete.Client) { c.TokenAuthSignAlg = authlete.PS256 })
	_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(goodAssertion(f).sign(t)), "", ""))
	wantRefusal(t, err, oauth.InvalidClient, "E157303")
	pinned := goodAssertion(f)
	pinned.key, pinned.alg = rsaKey("r1"), jose.PS256
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(pinned.sign(t)), "", "")); err != nil {
		t.Errorf("with the pinned algorithm: %v", err)
	}
}

func TestUnusableKeys(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public := ecKey("k1").signer.Public()
	for name, key := range map[string]jose.JSONWebKey{
		"ForEncryption":  {Key: public, KeyID: "k1", Use: "enc"},
		"OtherAlgorithm": {Key: public, KeyID: "k1", Algorithm: "ES384"},
		"Private":        {Key: ecKey("k1").signer, KeyID: "k1"},
		"Symmetric":      {Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "k1"},
		"SmallRSA":       {Key: small.Public(), KeyID: "k1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newClients(t)
			doc, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
			if err != nil {
				t.Fatal(err)
			}
			f.UpdateClient("jwt", func(c *authlete.Client) { c.JWKS = string(doc) })
			assertion := goodAssertion(f)
			if name == "SmallRSA" {
				assertion.key, assertion.alg = signingKey{kid: "k1", signer: small}, jose.RS256
			}
			_, err = f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(assertion.sign(t)), "", ""))
			wantRefusal(t, err, oauth.InvalidClient, "E157303")
		})
	}
}

// TestUnknownKindsOfKeysAreSkipped puts a key of the future before the one that counts.
func TestUnknownKindsOfKeysAreSkipped(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	f.UpdateClient("jwt", func(c *authlete.Client) {
		c.JWKS = strings.Replace(publicKeys(t, ecKey("k1")), `[`, `[{"kty":"AKP","kid":"k1","pub":"x"},`, 1)
	})
	if _, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(goodAssertion(f).sign(t)), "", "")); err != nil {
		t.Errorf("Authenticate: %v", err)
	}
}

// remote makes the client "jwt" publish its keys at a URI and counts the requests.
func remote(t *testing.T, f *fixture.Fixture) (publish func(doc string, err error), requests *atomic.Int32) {
	t.Helper()
	const uri = "https://client.example.com/jwks"
	f.UpdateClient("jwt", func(c *authlete.Client) { c.JWKS, c.JWKSURI = "", uri })
	requests = &atomic.Int32{}
	publish = func(doc string, err error) {
		f.Fetch = func(got string) ([]byte, error) {
			if requests.Add(1); got != uri {
				t.Errorf("fetching %q", got)
			}
			return []byte(doc), err
		}
	}
	return publish, requests
}

func TestRemoteKeys(t *testing.T) {
	t.Parallel()
	f := newClients(t)
	publish, requests := remote(t, f)
	publish(publicKeys(t, ecKey("k1")), nil)
	jti := 0
	try := func(key signingKey) error {
		jti++
		assertion := goodAssertion(f)
		assertion.key, assertion.claims["jti"] = key, strings.Repeat("j", jti)
		_, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(assertion.sign(t)), "", ""))
		return err
	}
	steps := []struct {
		name     string
		before   func()
		key      string
		good     bool
		requests int32
	}{
		{name: "First", key: "k1", good: true, requests: 1},
		{name: "Cached", key: "k1", good: true, requests: 1},
		{name: "ForgeriesFetchNothing", key: "stranger", requests: 1},
		{name: "NewKeyTooEarly", before: func() { publish(publicKeys(t, ecKey("k2")), nil) }, key: "k2", requests: 1},
		{name: "NewKeyAfterAMinute", before: func() { f.Clock.Advance(time.Minute) }, key: "k2", good: true, requests: 2},
		{name: "OldKeyIsGone", key: "k1", requests: 2},
		{name: "Outage", before: func() { publish("", errors.New("down")); f.Clock.Advance(11 * time.Minute) }, key: "k2", good: true, requests: 3},
		{name: "NoStormDuringTheOutage", key: "k2", good: true, requests: 3},
		{name: "LongOutage", before: func() { f.Clock.Advance(time.Hour) }, key: "k2", requests: 4},
		{name: "Garbage", before: func() { publish("<html>", nil); f.Clock.Advance(time.Minute) }, key: "k2", requests: 5},
		{name: "Back", before: func() { publish(publicKeys(t, ecKey("k2")), nil); f.Clock.Advance(time.Minute) }, key: "k2", good: true, requests: 6},
	}
	for _, step := range steps { // in order: each builds on the one before
		if step.before != nil {
			step.before()
		}
		if err := try(ecKey(step.key)); (err == nil) != step.good {
			t.Fatalf("%s: %v, want success %v", step.name, err, step.good)
		}
		if got := requests.Load(); got != step.requests {
			t.Fatalf("%s: %d requests so far, want %d", step.name, got, step.requests)
		}
	}
}

// TestEveryAlgorithmAuthenticates: what registration accepts and discovery names works, with and without a kid on either
// side (RFC 7515, section 4.1.4: it is a hint), and with the key of a remote set.
func TestEveryAlgorithmAuthenticates(t *testing.T) {
	t.Parallel()
	for _, alg := range clientkeys.Algorithms() {
		key := keyFor(t, alg)
		if strings.HasPrefix(string(alg), "HS") || alg == "none" {
			t.Errorf("%s must not verify assertions", alg)
		}
		for _, kids := range [][2]string{{"k", "k"}, {"", "k"}, {"k", ""}, {"", ""}} {
			f := newClients(t)
			f.UpdateClient("jwt", func(c *authlete.Client) {
				c.JWKS = publicKeys(t, ecKey("stranger"), signingKey{kid: kids[0], signer: key})
			})
			assertion := goodAssertion(f)
			assertion.key, assertion.alg = signingKey{kid: kids[1], signer: key}, jose.SignatureAlgorithm(alg)
			if _, err := f.Clients.Authenticate(t.Context(), credentials(t, bodyOf(assertion.sign(t)), "", "")); err != nil {
				t.Errorf("%s, kid %q registered and %q presented: %v", alg, kids[0], kids[1], err)
			}
		}
	}
}

// keyFor returns a key for an algorithm.
func keyFor(t *testing.T, alg authlete.JWSAlg) crypto.Signer {
	t.Helper()
	curves := map[authlete.JWSAlg]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}
	var key crypto.Signer
	var err error
	switch curve := curves[alg]; {
	case curve != nil:
		key, err = ecdsa.GenerateKey(curve, rand.Reader)
	case alg == "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key = rsaOnce()
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func FuzzAssertion(f *testing.F) {
	clients := newClients(f)
	good := goodAssertion(clients)
	good.key = ecKey("stranger")
	f.Add(good.sign(f), "jwt")
	f.Add("a.b.c", "")
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJqd3QiLCJpc3MiOiJqd3QifQ.", "jwt")
	f.Add(`{"payload":"","signatures":[]}`, "jwt")
	f.Fuzz(func(t *testing.T, assertion, clientID string) {
		body := bodyOf(assertion) + "&client_id=" + url.QueryEscape(clientID)
		in, err := url.ParseQuery(body)
		if err != nil || len(assertion)+len(clientID) > 16<<10 {
			t.Skip()
		}
		_, err = clients.Clients.Authenticate(t.Context(), credentials(t, in.Encode(), "", ""))
		if _, ok := errors.AsType[*oauth.Error](err); !ok {
			t.Errorf("Authenticate: %v; want a refusal: nobody has the client's key", err)
		}
	})
}
