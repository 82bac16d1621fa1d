package clientcall

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/reply"
)

// Headers with what a request proves, as net/http spells them.
const (
	headerDPoP           = "Dpop"
	headerAttestation    = "Oauth-Client-Attestation"
	headerAttestationPoP = "Oauth-Client-Attestation-Pop"
	// RFC 9440: a proxy that ends TLS passes on what the client presented.
	headerCertificate = "Client-Cert"
	headerChain       = "Client-Cert-Chain"
)

// maxCertificates bounds a chain.
const maxCertificates = 10

// Bindings says what the requests of a server may prove, and what their proofs are bound to.
type Bindings struct {
	// Base is the URL of the server as callers see it, without a slash at the end.
	Base string
	// FromProxy says whether a request comes from a proxy that may say which certificate the client presented. If nil, none
	// does.
	FromProxy func(r *http.Request) bool
}

// At are the bindings of the endpoint with a path below the URL of the server.
func (b Bindings) At(path string) Binding { return Binding{url: b.Base + path, fromProxy: b.FromProxy} }

// Binding is what the proofs of requests to one endpoint are bound to.
type Binding struct {
	url       string
	fromProxy func(r *http.Request) bool
}

// Proofs reads what a request proves. A proof that is there and cannot be passed on is refused: without it, the client
// would get a token that is not bound.
func (b Binding) Proofs(r *http.Request) (proofs authlete.Proofs, refusal *reply.Answer) {
	var attested, presented bool
	proofs.DPoPProof, refusal = b.DPoP(r)
	if refusal != nil {
		return authlete.Proofs{}, refusal
	}
	if proofs.AttestationProof, attested = attestation(r); !attested {
		return authlete.Proofs{}, refuse(http.StatusBadRequest, "The headers with the client's attestation are malformed.")
	}
	if proofs.CertificateProof, presented = b.certificate(r); !presented {
		return authlete.Proofs{}, refuse(http.StatusBadRequest, "The headers with the client's certificate are malformed.")
	}
	return proofs, nil
}

// DPoP reads the proof of possession of a request.
func (b Binding) DPoP(r *http.Request) (authlete.DPoPProof, *reply.Answer) {
	proof, ok := single(r, headerDPoP)
	if !ok {
		answer := reply.Error(http.StatusBadRequest, "invalid_dpop_proof", "The header DPoP must be there once and have a value.")
		return authlete.DPoPProof{}, &answer
	}
	if proof == "" {
		return authlete.DPoPProof{}, nil
	}
	return authlete.DPoPProof{DPoP: proof, HTM: r.Method, HTU: b.url}, nil
}

// attestation reads the attestation of the client's software.
func attestation(r *http.Request) (proof authlete.AttestationProof, ok bool) {
	if proof.OAuthClientAttestation, ok = single(r, headerAttestation); !ok {
		return proof, false
	}
	proof.OAuthClientAttestationPoP, ok = single(r, headerAttestationPoP)
	return proof, ok
}

// single returns the value of a header that may be there once (RFC 9449, section 4.3).
func single(r *http.Request, name string) (value string, ok bool) {
	switch values := r.Header[name]; len(values) {
	case 0:
		return "", true
	case 1:
		value = strings.TrimSpace(values[0])
		return value, value != ""
	default:
		return "", false
	}
}

// certificate returns what the client presented in the TLS handshake: with the server itself, or with a proxy. The proxy's
// own certificate is not the client's.
func (b Binding) certificate(r *http.Request) (proof authlete.CertificateProof, ok bool) {
	var ders [][]byte
	if b.fromProxy != nil && b.fromProxy(r) {
		if ders, ok = forwarded(r); !ok {
			return proof, false
		}
	} else if r.TLS != nil {
		for _, certificate := range r.TLS.PeerCertificates {
			ders = append(ders, certificate.Raw)
		}
	}
	if len(ders) > maxCertificates {
		return proof, false
	}
	for i, der := range ders {
		text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		if i == 0 {
			proof.ClientCertificate = text
		} else {
			proof.ClientCertificatePath = append(proof.ClientCertificatePath, text)
		}
	}
	return proof, true
}

// Certificate reads the certificate that the client presented; refusal is not nil if that is not possible.
func (b Binding) Certificate(r *http.Request) (certificate string, refusal *reply.Answer) {
	proof, ok := b.certificate(r)
	if !ok {
		return "", refuse(http.StatusBadRequest, "The headers with the client's certificate are malformed.")
	}
	return proof.ClientCertificate, nil
}

// forwarded returns the certificates that a proxy passes on, that of the client first (RFC 9440, sections 2.2 and 2.3).
func forwarded(r *http.Request) (ders [][]byte, ok bool) {
	leaf, chain := r.Header[headerCertificate], r.Header[headerChain]
	if len(leaf) == 0 && len(chain) == 0 {
		return nil, true
	}
	if len(leaf) != 1 {
		return nil, false
	}
	items := slices.Clip(leaf)
	for _, list := range chain {
		items = append(items, strings.Split(list, ",")...)
	}
	for _, item := range items {
		der, ok := byteSequence(item)
		if !ok {
			return nil, false
		}
		ders = append(ders, der)
	}
	return ders, true
}

// byteSequence reads a byte sequence (RFC 9651, section 3.3.5). Parameters are left out.
func byteSequence(text string) ([]byte, bool) {
	text, _, _ = strings.Cut(text, ";")
	text = strings.TrimSpace(text)
	if len(text) < len("::") || text[0] != ':' || text[len(text)-1] != ':' {
		return nil, false
	}
	bytes, err := base64.StdEncoding.DecodeString(text[1 : len(text)-1])
	return bytes, err == nil && len(bytes) > 0
}
