package issue

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// opaqueBytes gives tokens and codes 256 bits of entropy, more than the 160 that
// RFC 6749, section 10.10 asks for and enough to store them as plain SHA-256.
const opaqueBytes = 32

// grantIDBytes makes grant ids, which are no secrets, unique.
const grantIDBytes = 16

// Signer signs a JWT payload with the active key of an algorithm; *keys.Ring is one.
type Signer interface {
	Sign(ctx context.Context, alg authlete.JWSAlg, payload []byte, typ string) (string, error)
}

// Settings gives the service settings in force.
type Settings interface {
	Service() *authlete.Service
}

// Deps are what a Minter needs. All are required.
type Deps struct {
	Signer   Signer
	Settings Settings
	Clock    func() time.Time
	Rand     io.Reader
	// DefaultAlg signs ID tokens of clients that name no algorithm.
	DefaultAlg authlete.JWSAlg
}

// Minter makes codes and tokens.
type Minter struct {
	deps Deps
}

// NewMinter returns a Minter.
func NewMinter(deps Deps) *Minter { return &Minter{deps: deps} }

// Opaque returns a new token, code or ticket: 43 characters with 256 bits of entropy.
func (m *Minter) Opaque() (string, error) { return m.random(opaqueBytes) }

// GrantID returns an id for a new grant.
func (m *Minter) GrantID() (string, error) { return m.random(grantIDBytes) }

func (m *Minter) random(size int) (string, error) {
	// Arrays of fixed size would escape through the Reader interface; one allocation serves both steps.
	buf := make([]byte, size+base64.RawURLEncoding.EncodedLen(size))
	raw, text := buf[:size], buf[size:]
	if _, err := io.ReadFull(m.deps.Rand, raw); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	base64.RawURLEncoding.Encode(text, raw)
	return string(text), nil
}

// Spec says for whom and for what tokens are.
type Spec struct {
	Client    *authlete.Client
	GrantType authlete.GrantType
	// GrantID is empty for client credentials.
	GrantID string
	Subject string
	Scopes  []string
	// Begun is when the grant began; the zero time means now.
	Begun time.Time
}

// Access is a new access token: the value for the client, the record for the store.
type Access struct {
	Value  string
	Record store.AccessToken
}

// Duration is the lifetime in whole seconds.
func (a *Access) Duration() int64 {
	return int64(a.Record.ExpiresAt.Sub(a.Record.IssuedAt) / time.Second)
}

// Access makes an access token.
func (m *Minter) Access(spec Spec) (Access, error) {
	value, err := m.Opaque()
	if err != nil {
		return Access{}, err
	}
	now := m.deps.Clock()
	return Access{Value: value, Record: store.AccessToken{
		Hash:      store.HashOf(value),
		GrantID:   spec.GrantID,
		GrantType: string(spec.GrantType),
		ClientID:  spec.Client.ClientID,
		Subject:   spec.Subject,
		Scopes:    spec.Scopes,
		IssuedAt:  now,
		ExpiresAt: now.Add(AccessLifetime(m.deps.Settings.Service(), spec.Client)),
	}}, nil
}

// Refresh is a new refresh token: the value for the client, the record for the store.
type Refresh struct {
	Value  string
	Record store.RefreshToken
}

// Duration is the lifetime that is left at issue, in whole seconds.
func (r *Refresh) Duration() int64 {
	return int64(r.Record.ExpiresAt.Sub(r.Record.CreatedAt) / time.Second)
}

// Refresh makes the first refresh token of a grant.
func (m *Minter) Refresh(spec Spec) (Refresh, error) {
	value, err := m.Opaque()
	if err != nil {
		return Refresh{}, err
	}
	now := m.deps.Clock()
	service := m.deps.Settings.Service()
	end := now.Add(RefreshLifetime(service, spec.Client))
	if last, bounded := LastRefresh(service, cmp.Or(spec.Begun, now)); bounded && last.Before(end) {
		end = last
	}
	return Refresh{Value: value, Record: store.RefreshToken{
		Hash:       store.HashOf(value),
		GrantID:    spec.GrantID,
		ClientID:   spec.Client.ClientID,
		Scopes:     spec.Scopes,
		Generation: 1,
		CreatedAt:  now,
		ExpiresAt:  end,
	}}, nil
}

// Successor makes the refresh token that replaces old, of a grant that began at the time. Its scopes are those of old even
// where the access token was narrowed (RFC 6749, section 6).
func (m *Minter) Successor(client *authlete.Client, old store.RefreshToken, begun time.Time) (Refresh, error) {
	refresh, err := m.Refresh(Spec{Client: client, GrantID: old.GrantID, Scopes: old.Scopes, Begun: begun})
	if err != nil {
		return Refresh{}, err
	}
	refresh.Record.Generation = old.Generation + 1
	if m.deps.Settings.Service().RefreshTokenDurationKept && old.ExpiresAt.Before(refresh.Record.ExpiresAt) {
		refresh.Record.ExpiresAt = old.ExpiresAt
	}
	return refresh, nil
}

// LastRefresh is when the refresh tokens of a grant end at the latest, if they do.
func LastRefresh(service *authlete.Service, begun time.Time) (end time.Time, bounded bool) {
	seconds := service.RefreshTokenAbsoluteDuration
	return begun.Add(time.Duration(seconds) * time.Second), seconds > 0
}

// AccessLifetime is how long access tokens of a client live.
func AccessLifetime(service *authlete.Service, client *authlete.Client) time.Duration {
	seconds := service.AccessTokenDuration
	if client.Extension != nil && client.Extension.AccessTokenDuration > 0 {
		seconds = client.Extension.AccessTokenDuration
	}
	return time.Duration(seconds) * time.Second
}

// RefreshLifetime is how long refresh tokens of a client live.
func RefreshLifetime(service *authlete.Service, client *authlete.Client) time.Duration {
	seconds := service.RefreshTokenDuration
	if client.Extension != nil && client.Extension.RefreshTokenDuration > 0 {
		seconds = client.Extension.RefreshTokenDuration
	}
	return time.Duration(seconds) * time.Second
}
