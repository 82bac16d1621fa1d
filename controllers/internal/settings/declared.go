package settings

import (
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// Declared are the settings that an AuthorizationServer declares.
type Declared struct{ settings []setting }

// setting is one of them. Its name is the one in the API.
type setting interface {
	name() string
	// compare returns the declared and the actual value, as they are shown, where they differ.
	compare(have *authlete.Service) (declared, actual string, differ bool)
	// apply makes the service have the declared value.
	apply(to *authlete.Service)
}

// Of returns what the spec of a server sets.
func Of(server *authv1alpha1.AuthorizationServer) Declared {
	spec := &server.Spec
	d := &Declared{}
	d.addEndpoints(authv1alpha1.EndpointsOf(spec.Issuer))
	d.add(value[bool]{"clientIdAliasEnabled", true, func(s *authlete.Service) *bool { return &s.ClientIDAliasEnabled }})
	d.addDisplay(&spec.Display)
	d.addTokens(&spec.Tokens)
	d.addPKCE(&spec.PKCE)
	if len(spec.Scopes) > 0 {
		d.add(newScopes(spec))
	}
	if len(spec.GrantTypes) > 0 {
		d.add(list[authlete.GrantType]{
			"supportedGrantTypes", upper[authlete.GrantType](spec.GrantTypes), func(s *authlete.Service) *[]authlete.GrantType { return &s.SupportedGrantTypes },
		})
	}
	if len(spec.ResponseTypes) > 0 {
		d.add(list[authlete.ResponseType]{
			"supportedResponseTypes", upper[authlete.ResponseType](spec.ResponseTypes),
			func(s *authlete.Service) *[]authlete.ResponseType { return &s.SupportedResponseTypes },
		})
	}
	return *d
}

func (d *Declared) add(s setting) { d.settings = append(d.settings, s) }

func (d *Declared) addEndpoints(e authv1alpha1.Endpoints) {
	d.addText("issuer", e.Issuer, func(s *authlete.Service) *string { return &s.Issuer })
	d.addText("authorizationEndpoint", e.Authorization, func(s *authlete.Service) *string { return &s.AuthorizationEndpoint })
	d.addText("tokenEndpoint", e.Token, func(s *authlete.Service) *string { return &s.TokenEndpoint })
	d.addText("revocationEndpoint", e.Revocation, func(s *authlete.Service) *string { return &s.RevocationEndpoint })
	d.addText("introspectionEndpoint", e.Introspection, func(s *authlete.Service) *string { return &s.IntrospectionEndpoint })
	d.addText("userInfoEndpoint", e.Userinfo, func(s *authlete.Service) *string { return &s.UserInfoEndpoint })
	d.addText("jwksUri", e.JWKS, func(s *authlete.Service) *string { return &s.JWKSURI })
}

func (d *Declared) addDisplay(display *authv1alpha1.Display) {
	d.addText("serviceName", display.ServiceName, func(s *authlete.Service) *string { return &s.ServiceName })
	d.addText("policyUri", string(display.PolicyURI), func(s *authlete.Service) *string { return &s.PolicyURI })
	d.addText("tosUri", string(display.TosURI), func(s *authlete.Service) *string { return &s.TosURI })
}

func (d *Declared) addTokens(tokens *authv1alpha1.Tokens) {
	d.addSeconds("accessTokenDuration", tokens.AccessTokenSeconds, func(s *authlete.Service) *int64 { return &s.AccessTokenDuration })
	d.addSeconds("refreshTokenDuration", tokens.RefreshTokenSeconds, func(s *authlete.Service) *int64 { return &s.RefreshTokenDuration })
	d.addSeconds("idTokenDuration", tokens.IDTokenSeconds, func(s *authlete.Service) *int64 { return &s.IDTokenDuration })
	if tokens.RefreshRotation != "" {
		kept := tokens.RefreshRotation == authv1alpha1.RefreshKeep
		d.add(value[bool]{"refreshTokenKept", kept, func(s *authlete.Service) *bool { return &s.RefreshTokenKept }})
	}
}

func (d *Declared) addPKCE(pkce *authv1alpha1.PKCE) {
	if pkce.Required != "" {
		always := pkce.Required == authv1alpha1.PKCEAlways
		d.add(value[bool]{"pkceRequired", always, func(s *authlete.Service) *bool { return &s.PkceRequired }})
	}
	if pkce.ChallengeMethods != "" {
		s256 := pkce.ChallengeMethods == authv1alpha1.PKCES256
		d.add(value[bool]{"pkceS256Required", s256, func(s *authlete.Service) *bool { return &s.PkceS256Required }})
	}
}

// addText declares a text that is set.
func (d *Declared) addText(name, want string, of func(*authlete.Service) *string) {
	if want != "" {
		d.add(value[string]{name, want, of})
	}
}

// addSeconds declares a lifetime that is set.
func (d *Declared) addSeconds(name string, want *int32, of func(*authlete.Service) *int64) {
	if want != nil {
		d.add(value[int64]{name, int64(*want), of})
	}
}

// upper spells grant and response types as the API does: authorization_code is AUTHORIZATION_CODE, and "code id_token" is
// CODE_ID_TOKEN.
func upper[To, From ~string](values []From) []To {
	all := make([]To, len(values))
	for i, value := range values {
		all[i] = To(strings.ToUpper(strings.ReplaceAll(string(value), " ", "_")))
	}
	return all
}
