package clientcall_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
)

const endpoint = "https://login.example.com/tenant/api/token"

// pemOf is a certificate as the backend gets it.
func pemOf(base64DER string) string {
	return "-----BEGIN CERTIFICATE-----\n" + base64DER + "\n-----END CERTIFICATE-----\n"
}

// certificate is a DER text in the form of the header, short enough for one line of PEM.
func certificate(text string) (header, pemText string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	return ":" + encoded + ":", pemOf(encoded)
}

// TestProofsArePassedOn: everything that a request proves is read, with the method and the URL that a proof is bound to.
func TestProofsArePassedOn(t *testing.T) {
	t.Parallel()
	leaf, leafPEM := certificate("leaf")
	first, firstPEM := certificate("first")
	second, secondPEM := certificate("second")
	proxied := authlete.CertificateProof{ClientCertificate: leafPEM, ClientCertificatePath: []string{firstPEM, secondPEM}}
	for name, test := range map[string]struct {
		headers http.Header
		tls     []string
		proxy   bool
		want    authlete.Proofs
	}{
		"nothing": {},
		"a DPoP proof": {
			headers: http.Header{"Dpop": {"the-proof"}},
			want:    authlete.Proofs{DPoPProof: authlete.DPoPProof{DPoP: "the-proof", HTM: http.MethodPost, HTU: endpoint}},
		},
		"an attestation": {
			headers: http.Header{"Oauth-Client-Attestation": {"a"}, "Oauth-Client-Attestation-Pop": {"p"}},
			want:    authlete.Proofs{AttestationProof: authlete.AttestationProof{OAuthClientAttestation: "a", OAuthClientAttestationPoP: "p"}},
		},
		"certificates of a proxy": {
			headers: http.Header{"Client-Cert": {leaf}, "Client-Cert-Chain": {first + ", " + second}}, proxy: true,
			want: authlete.Proofs{CertificateProof: proxied},
		},
		"a chain in two lines": {
			headers: http.Header{"Client-Cert": {leaf + ";a=1"}, "Client-Cert-Chain": {first, second}}, proxy: true,
			want: authlete.Proofs{CertificateProof: proxied},
		},
		"certificates of somebody who is no proxy": {headers: http.Header{"Client-Cert": {leaf}, "Client-Cert-Chain": {first}}},
		"our own listener": {
			tls: []string{"leaf", "first", "second"}, want: authlete.Proofs{CertificateProof: proxied},
		},
		"our own listener and a header": {
			headers: http.Header{"Client-Cert": {second}}, tls: []string{"leaf"},
			want: authlete.Proofs{CertificateProof: authlete.CertificateProof{ClientCertificate: leafPEM}},
		},
		"the certificate of the proxy itself": {tls: []string{"proxy"}, proxy: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := post("a=b", "")
			maps.Copy(r.Header, test.headers)
			if test.tls != nil {
				r.TLS = &tls.ConnectionState{}
				for _, raw := range test.tls {
					r.TLS.PeerCertificates = append(r.TLS.PeerCertificates, &x509.Certificate{Raw: []byte(raw)})
				}
			}
			call, refusal := calls(test.proxy).Read(r)
			if refusal != nil {
				t.Fatalf("refused: %s", refusal.Content)
			}
			if diff := cmp.Diff(test.want, call.Proofs); diff != "" {
				t.Errorf("proofs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestProofsAreNotDropped: what is there and cannot be passed on is refused. Without it the client would get a token that is
// not bound, or be taken for one that proves nothing.
func TestProofsAreNotDropped(t *testing.T) {
	t.Parallel()
	leaf, _ := certificate("leaf")
	for name, test := range map[string]struct {
		headers http.Header
		code    string
	}{
		"two DPoP proofs":          {http.Header{"Dpop": {"a", "b"}}, "invalid_dpop_proof"},
		"an empty DPoP proof":      {http.Header{"Dpop": {" "}}, "invalid_dpop_proof"},
		"two attestations":         {http.Header{"Oauth-Client-Attestation": {"a", "b"}}, "invalid_request"},
		"an empty proof of one":    {http.Header{"Oauth-Client-Attestation-Pop": {""}}, "invalid_request"},
		"two certificates":         {http.Header{"Client-Cert": {leaf, leaf}}, "invalid_request"},
		"an empty certificate":     {http.Header{"Client-Cert": {""}}, "invalid_request"},
		"nothing between colons":   {http.Header{"Client-Cert": {"::"}}, "invalid_request"},
		"one colon":                {http.Header{"Client-Cert": {":"}}, "invalid_request"},
		"no base64":                {http.Header{"Client-Cert": {":***:"}}, "invalid_request"},
		"PEM":                      {http.Header{"Client-Cert": {"-----BEGIN%20CERTIFICATE-----"}}, "invalid_request"},
		"a chain without its leaf": {http.Header{"Client-Cert-Chain": {leaf}}, "invalid_request"},
		"a broken chain":           {http.Header{"Client-Cert": {leaf}, "Client-Cert-Chain": {leaf + ",x"}}, "invalid_request"},
		"an endless chain":         {http.Header{"Client-Cert": {leaf}, "Client-Cert-Chain": {strings.Repeat(leaf+",", 20) + leaf}}, "invalid_request"},
	} {
		r := post("a=b", "")
		maps.Copy(r.Header, test.headers)
		_, refusal := calls(true).Read(r)
		if refusal == nil || refusal.Status != http.StatusBadRequest || !strings.Contains(refusal.Content, `"`+test.code+`"`) {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
}

// calls reads calls that come from a proxy, or not.
func calls(proxy bool) clientcall.Reader {
	bindings := clientcall.Bindings{Base: "https://login.example.com/tenant", FromProxy: func(*http.Request) bool { return proxy }}
	return clientcall.NewReader("token", bindings.At("/api/token"))
}

// TestDPoPAlone: an endpoint that is not called by clients reads the parts one by one.
func TestDPoPAlone(t *testing.T) {
	t.Parallel()
	leaf, leafPEM := certificate("leaf")
	binding := clientcall.Bindings{Base: "https://a.example", FromProxy: func(*http.Request) bool { return true }}.At("/api/userinfo")
	r := httptest.NewRequest(http.MethodGet, "/internal", http.NoBody)
	r.Header.Set("DPoP", "proof")
	r.Header.Set("Client-Cert", leaf)
	proof, refusal := binding.DPoP(r)
	if want := (authlete.DPoPProof{DPoP: "proof", HTM: http.MethodGet, HTU: "https://a.example/api/userinfo"}); refusal != nil || proof != want {
		t.Errorf("%+v, %+v", proof, refusal)
	}
	got, refusal := binding.Certificate(r)
	if refusal != nil || got != leafPEM {
		t.Errorf("%q, %+v", got, refusal)
	}
	r.Header.Set("Client-Cert", "x")
	if _, refusal := binding.Certificate(r); refusal == nil {
		t.Error("a certificate that cannot be read was dropped")
	}
}
