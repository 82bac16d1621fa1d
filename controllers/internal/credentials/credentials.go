package credentials

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

const (
	keyBytes   = 32
	idBytes    = 6
	maxRing    = 3
	lifetime   = 365 * 24 * time.Hour
	renewSince = 30 * 24 * time.Hour
)

// Existing is what a Secret holds now.
type Existing struct {
	// Data is the Secret's content; nil if there is no Secret.
	Data map[string][]byte
	// Rotated is the rotation request that it answers.
	Rotated string
}

// Maker makes credentials.
type Maker struct {
	Rand  io.Reader
	Clock func() time.Time
}

// bytes returns fresh random bytes.
func (m Maker) bytes(size int) ([]byte, error) {
	buf := make([]byte, size)
	if _, err := io.ReadFull(m.Rand, buf); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return buf, nil
}

// Session returns the session key ring: the existing one, or one with a new first key where the request differs from the
// one that was answered. Older keys stay, so that sessions go on; the key that seals now stays however many are newer.
func (m Maker) Session(existing Existing, request string) (map[string][]byte, error) {
	const file = "keyring.json"
	var ring configv1alpha1.KeyRing
	if err := json.Unmarshal(existing.Data[file], &ring); err == nil && len(ring.Keys) > 0 && (request == "" || request == existing.Rotated) {
		return existing.Data, nil
	}
	id, err := m.bytes(idBytes)
	if err != nil {
		return nil, err
	}
	key, err := m.bytes(keyBytes)
	if err != nil {
		return nil, err
	}
	now := m.Clock()
	fresh := configv1alpha1.SealKey{ID: hex.EncodeToString(id), Key: key, CreatedAt: metav1.NewTime(now.UTC().Truncate(time.Second))}
	ring.Keys = append([]configv1alpha1.SealKey{fresh}, ring.Keys...)
	ring.Keys = ring.Keys[:min(len(ring.Keys), max(maxRing, ring.Sealing(now)+1))]
	data, err := json.Marshal(ring)
	if err != nil {
		return nil, fmt.Errorf("encoding the session key ring: %w", err)
	}
	return map[string][]byte{file: data}, nil
}

// Engine returns the key encryption key. It is never replaced: what it encrypted would be lost.
func (m Maker) Engine(existing Existing) (map[string][]byte, error) {
	if len(existing.Data["kek"]) > 0 {
		return existing.Data, nil
	}
	key, err := m.bytes(keyBytes)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"kek": []byte(base64.StdEncoding.EncodeToString(key))}, nil
}

// Management returns token and certificate of the management API for the host names.
func (m Maker) Management(existing Existing, request string, hosts []string) (map[string][]byte, error) {
	if (request == "" || request == existing.Rotated) && len(existing.Data["token"]) > 0 && m.good(existing.Data["tls.crt"], hosts[0]) {
		return existing.Data, nil
	}
	token, err := m.bytes(keyBytes)
	if err != nil {
		return nil, err
	}
	data, err := m.certificate(hosts)
	if err != nil {
		return nil, err
	}
	data["token"] = []byte(base64.RawURLEncoding.EncodeToString(token))
	return data, nil
}

// good says whether a certificate is for the host and far enough from its end.
func (m Maker) good(chain []byte, host string) bool {
	block, _ := pem.Decode(chain)
	if block == nil {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && certificate.VerifyHostname(host) == nil && m.Clock().Before(certificate.NotAfter.Add(-renewSince))
}

// certificate returns a serving certificate with its key, and the certificate of the authority that signed it. The
// authority's key is thrown away: the next certificate gets a new authority.
func (m Maker) certificate(hosts []string) (map[string][]byte, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), m.Rand)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), m.Rand)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	now := m.Clock()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hosts[0] + " authority"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(m.Rand, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	leafDER, err := x509.CreateCertificate(m.Rand, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	return map[string][]byte{
		"ca.crt":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}
