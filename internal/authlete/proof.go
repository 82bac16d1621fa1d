package authlete

// Proofs are what an HTTP request proves beside a client secret. Which of them a call of the API takes, its request says.
type Proofs struct {
	CertificateProof
	DPoPProof
	AttestationProof
}

// CertificateProof is the certificate that the caller presented in the TLS handshake (RFC 8705).
type CertificateProof struct {
	// ClientCertificate is the certificate of the caller, PEM.
	ClientCertificate string `json:"clientCertificate,omitempty"`
	// ClientCertificatePath are the certificates that the caller presented, its own first, PEM.
	ClientCertificatePath []string `json:"clientCertificatePath,omitempty"`
}

// DPoPProof is a proof of possession with what it is about (RFC 9449).
type DPoPProof struct {
	// DPoP is the DPoP header.
	DPoP string `json:"dpop,omitempty"`
	// HTM is the method of the request.
	HTM string `json:"htm,omitempty"`
	// HTU is the URL of the request without query and fragment, as callers see it.
	HTU string `json:"htu,omitempty"`
}

// AttestationProof is an attestation of the client's software (OAuth 2.0 Attestation-Based Client Authentication).
type AttestationProof struct {
	// OAuthClientAttestation is the OAuth-Client-Attestation header.
	OAuthClientAttestation string `json:"oauthClientAttestation,omitempty"`
	// OAuthClientAttestationPoP is the OAuth-Client-Attestation-PoP header.
	OAuthClientAttestationPoP string `json:"oauthClientAttestationPop,omitempty"`
}
