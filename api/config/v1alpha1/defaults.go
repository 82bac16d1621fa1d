package v1alpha1

import (
	"net/url"
	"slices"
)

// Default fills in what the file leaves out. The field comments name the values.
func Default(c *ServerConfig) {
	c.APIVersion = or(c.APIVersion, APIVersion)
	c.Kind = or(c.Kind, KindServerConfig)
	c.Listen.Public = or(c.Listen.Public, ":8080")
	c.Listen.Management = or(c.Listen.Management, ":8443")
	c.Listen.Metrics = or(c.Listen.Metrics, ":9090")
	c.Shutdown.DrainSeconds = or(c.Shutdown.DrainSeconds, new(Seconds(5)))
	c.Shutdown.FinishSeconds = or(c.Shutdown.FinishSeconds, 20)
	c.Log.Level = or(c.Log.Level, "info")
	c.Log.Format = or(c.Log.Format, "json")
	c.Login.FreeAttempts = or(c.Login.FreeAttempts, new(int32(3)))
	c.Login.MaxDelaySeconds = or(c.Login.MaxDelaySeconds, 300)
	c.Session.IdleSeconds = or(c.Session.IdleSeconds, 3600)
	c.Session.AbsoluteSeconds = or(c.Session.AbsoluteSeconds, 12*3600)
	c.Session.InteractionSeconds = or(c.Session.InteractionSeconds, 900)
	c.Session.Consent = or(c.Session.Consent, ConsentRemember)
	defaultService(c)
	if a := c.Backend.Authlete; a != nil {
		a.ConnectSeconds = or(a.ConnectSeconds, 5)
		a.RequestSeconds = or(a.RequestSeconds, 10)
	}
	if e := c.Backend.Embedded; e != nil {
		e.Signing.Algorithm = or(e.Signing.Algorithm, SigningRS256)
		e.Signing.RotationSeconds = or(e.Signing.RotationSeconds, new(Seconds(90*86400)))
		e.Signing.PublishSeconds = or(e.Signing.PublishSeconds, 86400)
		if p := e.Storage.PostgreSQL; p != nil {
			p.MaxConnections = or(p.MaxConnections, 10)
		}
	}
}

func defaultService(c *ServerConfig) {
	s := &c.Service
	if s.Name == "" {
		if issuer, err := url.Parse(c.Issuer); err == nil {
			s.Name = issuer.Host
		}
	}
	if len(s.Scopes) == 0 {
		s.Scopes = StandardScopes()
	}
	if len(s.GrantTypes) == 0 {
		s.GrantTypes = []string{"authorization_code", "refresh_token", "client_credentials"}
	}
	if len(s.ResponseTypes) == 0 {
		s.ResponseTypes = []string{"code"}
	}
	for i := range s.Scopes {
		s.Scopes[i].Grant = or(s.Scopes[i].Grant, ScopeOnRequest)
	}
	t := &s.Tokens
	t.AccessTokenSeconds = or(t.AccessTokenSeconds, 3600)
	t.RefreshTokenSeconds = or(t.RefreshTokenSeconds, 14*86400)
	t.RefreshAbsoluteSeconds = or(t.RefreshAbsoluteSeconds, max(90*86400, t.RefreshTokenSeconds))
	if t.RefreshLeewaySeconds == nil {
		t.RefreshLeewaySeconds = new(Seconds(5))
	}
	t.IDTokenSeconds = or(t.IDTokenSeconds, 3600)
	t.AuthorizationCodeSeconds = or(t.AuthorizationCodeSeconds, 60)
	t.RefreshRotation = or(t.RefreshRotation, RefreshRotate)
	s.PKCE.Required = or(s.PKCE.Required, PKCEPublicClients)
	s.PKCE.ChallengeMethods = or(s.PKCE.ChallengeMethods, PKCES256)
}

// StandardScopes are the scopes of OpenID Connect Core 1.0, sections 5.4 and 11, and groups.
func StandardScopes() []Scope {
	return slices.Clone([]Scope{
		{Name: "openid", Description: "Confirm who you are"},
		{Name: "profile", Description: "Your name, picture and other profile details"},
		{Name: "email", Description: "Your email address"},
		{Name: "address", Description: "Your postal address"},
		{Name: "phone", Description: "Your phone number"},
		{Name: "groups", Description: "The groups that you belong to"},
		{Name: "offline_access", Description: "Keep access while you are away"},
	})
}

// or returns value unless it is the zero value.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
