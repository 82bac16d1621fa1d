package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// traffic keeps what the server sends to the backend, and answers some calls in its place.
type traffic struct {
	mu      sync.Mutex
	sent    map[string]map[string]any
	answers map[string]string
}

// between stands between the server and the backend.
func (c *traffic) between(engine http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		call := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/"), "1/")
		members := map[string]any{}
		_ = json.Unmarshal(body, &members) // calls without a body have no members
		c.mu.Lock()
		c.sent[call] = members
		c.mu.Unlock()
		if answer, ok := c.answers[call]; ok {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		engine.ServeHTTP(w, r)
	})
}

func (c *traffic) members(call string) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[call]
}

// possessionAnswers are those of a backend that checks proofs, which the engine does not.
func possessionAnswers() map[string]string {
	return map[string]string{
		"auth/token":      `{"action":"OK","responseContent":"{\"token_type\":\"DPoP\"}","dpopNonce":"next-nonce","attestationChallenge":"next-challenge"}`,
		"auth/revocation": `{"action":"OK"}`,
		"auth/userinfo":   `{"action":"UNAUTHORIZED","responseContent":"DPoP error=\"use_dpop_nonce\"","dpopNonce":"next-nonce"}`,
		"service/configuration": `{"issuer":"ISSUER","authorization_endpoint":"ISSUER/api/authorization","token_endpoint":"ISSUER/api/token",
			"jwks_uri":"ISSUER/api/jwks","dpop_signing_alg_values_supported":["ES256","RS256"]}`,
	}
}

// startWithTraffic starts a server whose backend checks proofs, behind a proxy that is trusted or not.
func startWithTraffic(t *testing.T, version credentials.Version, trusted string) (*servertest.Server, *traffic) {
	t.Helper()
	seen := &traffic{sent: map[string]map[string]any{}, answers: possessionAnswers()}
	configuration := seen.answers["service/configuration"]
	s := servertest.Start(t, servertest.Options{
		Wire: &servertest.Wire{Version: version, Between: func(engine http.Handler) http.Handler {
			next := seen.between(engine)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "service/configuration") { // it names the issuer, which is known by now
					recorder := httptest.NewRecorder()
					engine.ServeHTTP(recorder, r)
					var document struct {
						Issuer string `json:"issuer"`
					}
					_ = json.Unmarshal(recorder.Body.Bytes(), &document)
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, strings.ReplaceAll(configuration, "ISSUER", document.Issuer))
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		Configure: func(config *configv1alpha1.ServerConfig) { config.TrustedProxies = []string{trusted} },
	})
	return s, seen
}

// TestWhatARequestProvesReachesTheBackend records the traffic with and without the headers by which clients prove
// possession: every call that takes a proof gets it, and nothing where there is none.
func TestWhatARequestProvesReachesTheBackend(t *testing.T) {
	t.Parallel()
	const here, elsewhere = "127.0.0.0/8", "192.0.2.0/24"
	proofs := []string{
		"DPoP", "the-proof", "Client-Cert", ":MIIBcert:", "Client-Cert-Chain", ":MIIBmore:",
		"OAuth-Client-Attestation", "the-attestation", "OAuth-Client-Attestation-PoP", "its-proof",
	}
	for _, version := range []credentials.Version{credentials.V2, credentials.V3} {
		for _, trusted := range []string{here, elsewhere} {
			t.Run(string(version)+" "+trusted, func(t *testing.T) {
				t.Parallel()
				s, seen := startWithTraffic(t, version, trusted)
				for _, headers := range [][]string{nil, proofs} {
					send(t, s, http.MethodPost, "/api/token", url.Values{"grant_type": {"client_credentials"}}, "app", "secret", headers...)
					send(t, s, http.MethodPost, "/api/revocation", url.Values{"token": {"x"}}, "app", "secret", headers...)
					scheme := "Bearer"
					if headers != nil {
						scheme = "DPoP"
					}
					send(t, s, http.MethodGet, "/api/userinfo?x=y", nil, "", "", append(slices.Clip(headers), "Authorization", scheme+" token")...)
					for call, want := range sentMembers(s.URL, headers != nil, trusted == here) {
						if diff := cmp.Diff(want, seen.members(call)); diff != "" {
							t.Errorf("%s, headers %v (-want +got):\n%s", call, headers, diff)
						}
					}
				}
			})
		}
	}
}

// sentMembers is what the calls must have, by call.
func sentMembers(issuer string, proven, trusted bool) map[string]map[string]any {
	client := map[string]any{"clientId": "app", "clientSecret": "secret"}
	add := func(to map[string]any, pairs map[string]any) map[string]any {
		maps.Copy(to, pairs)
		return to
	}
	token := add(map[string]any{"parameters": "grant_type=client_credentials"}, client)
	revocation := add(map[string]any{"parameters": "token=x"}, client)
	userinfo := map[string]any{"token": "token"}
	if proven {
		attestation := map[string]any{"oauthClientAttestation": "the-attestation", "oauthClientAttestationPop": "its-proof"}
		add(token, attestation)
		add(revocation, attestation)
		add(token, map[string]any{"dpop": "the-proof", "htm": "POST", "htu": issuer + "/api/token"})
		add(userinfo, map[string]any{"dpop": "the-proof", "htm": "GET", "htu": issuer + "/api/userinfo"})
	}
	if proven && trusted {
		const begin, end = "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n"
		chain := map[string]any{"clientCertificate": begin + "MIIBcert" + end, "clientCertificatePath": []any{begin + "MIIBmore" + end}}
		add(token, chain)
		add(revocation, chain)
		add(userinfo, map[string]any{"clientCertificate": chain["clientCertificate"]})
	}
	return map[string]map[string]any{"auth/token": token, "auth/revocation": revocation, "auth/userinfo": userinfo}
}

// TestNoncesReachTheClient: what the backend wants in the next proof is in the headers, where scripts can read it.
func TestNoncesReachTheClient(t *testing.T) {
	t.Parallel()
	s, _ := startWithTraffic(t, credentials.V3, "192.0.2.0/24")
	token := send(t, s, http.MethodPost, "/api/token", url.Values{"grant_type": {"client_credentials"}}, "app", "secret", "DPoP", "p")
	userinfo := send(t, s, http.MethodGet, "/api/userinfo", nil, "", "", "Authorization", "DPoP x", "DPoP", "p")
	for name, got := range map[string]answer{"token": token, "userinfo": userinfo} {
		exposed := got.Header.Get("Access-Control-Expose-Headers")
		if got.Header.Get("DPoP-Nonce") != "next-nonce" || !strings.Contains(exposed, "DPoP-Nonce") {
			t.Errorf("%s: %v", name, got.Header)
		}
	}
	if token.StatusCode != http.StatusOK || token.Header.Get("OAuth-Client-Attestation-Challenge") != "next-challenge" {
		t.Errorf("token: %d %v", token.StatusCode, token.Header)
	}
	if userinfo.StatusCode != http.StatusUnauthorized || userinfo.Header.Get("WWW-Authenticate") != `DPoP error="use_dpop_nonce"` {
		t.Errorf("userinfo: %d %v", userinfo.StatusCode, userinfo.Header)
	}
}

// TestSchemesOfTokens: a token with the scheme DPoP needs a proof, one with the scheme Bearer goes without; challenges name
// the schemes that the backend supports.
func TestSchemesOfTokens(t *testing.T) {
	t.Parallel()
	remote, seen := startWithTraffic(t, credentials.V3, "192.0.2.0/24")
	embedded := servertest.Start(t, servertest.Options{})
	const both = `Bearer realm="userinfo", DPoP realm="userinfo", algs="ES256 RS256"`
	for name, test := range map[string]struct {
		server    *servertest.Server
		headers   []string
		status    int
		challenge string
	}{
		"no token":               {remote, nil, 401, both},
		"no token, embedded":     {embedded, nil, 401, `Bearer realm="userinfo"`},
		"no proof":               {remote, []string{"Authorization", "DPoP x"}, 401, "invalid_dpop_proof"},
		"an empty proof":         {remote, []string{"Authorization", "DPoP x", "DPoP", ""}, 401, "invalid_dpop_proof"},
		"no token after DPoP":    {remote, []string{"Authorization", "DPoP", "DPoP", "p"}, 401, both},
		"a scheme in small type": {remote, []string{"Authorization", "dpop x", "DPoP", "p"}, 401, "use_dpop_nonce"},
		"a proof, embedded":      {embedded, []string{"Authorization", "DPoP x", "DPoP", "p"}, 401, `DPoP error="invalid_token"`},
	} {
		got := send(t, test.server, http.MethodGet, "/api/userinfo", nil, "", "", test.headers...)
		if got.StatusCode != test.status || !strings.Contains(got.Header.Get("WWW-Authenticate"), test.challenge) {
			t.Errorf("%s: %d %v", name, got.StatusCode, got.Header)
		}
	}
	send(t, remote, http.MethodGet, "/api/userinfo", nil, "", "", "Authorization", "Bearer x", "DPoP", "p")
	if diff := cmp.Diff(map[string]any{"token": "x"}, seen.members("auth/userinfo")); diff != "" {
		t.Errorf("a token with the scheme Bearer was presented with a proof (-want +got):\n%s", diff)
	}
}

// TestNoSilentDowngrade: a client that proves possession to an engine that issues bearer tokens gets none, and can try again
// without the proof.
func TestNoSilentDowngrade(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	client := s.Client(t, nil)
	form := url.Values{"grant_type": {"client_credentials"}}
	got := send(t, s, http.MethodPost, "/api/token", form, "app", client.ClientSecret, "DPoP", "proof")
	if got.StatusCode != http.StatusBadRequest || !strings.Contains(got.body, `"invalid_request"`) || !strings.Contains(got.body, "DPoP") {
		t.Errorf("with a proof: %d %s", got.StatusCode, got.body)
	}
	got = send(t, s, http.MethodPost, "/api/token", form, "app", client.ClientSecret)
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"Bearer"`) {
		t.Errorf("without a proof: %d %s", got.StatusCode, got.body)
	}
	if document := send(t, s, http.MethodGet, "/.well-known/openid-configuration", nil, "", ""); strings.Contains(document.body, "dpop") {
		t.Errorf("discovery speaks of DPoP: %s", document.body)
	}
}
