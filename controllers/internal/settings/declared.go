package settings

import (
	"slices"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// Declared are the settings of a T, a service or a client at the backend, that an object declares.
type Declared[T any] struct{ settings []setting[T] }

// setting is one of them. Its name is the one in the API.
type setting[T any] interface {
	name() string
	// compare returns the declared and the actual value, as they are shown, where they differ.
	compare(have *T) (declared, actual string, differ bool)
	// apply makes the T have the declared value.
	apply(to *T)
}

func (d *Declared[T]) add(s setting[T]) { d.settings = append(d.settings, s) }

// service collects what a server declares.
type service struct{ Declared[authlete.Service] }

// Of returns what the spec of a server sets.
func Of(server *authv1alpha1.AuthorizationServer) Declared[authlete.Service] {
	spec := &server.Spec
	d := &service{}
	d.addEndpoints(authv1alpha1.EndpointsOf(spec.Issuer))
	d.add(value[authlete.Service, bool]{"clientIdAliasEnabled", true, func(s *authlete.Service) *bool { return &s.ClientIDAliasEnabled }})
	d.addDisplay(&spec.Display)
	d.addTokens(&spec.Tokens)
	d.addPKCE(&spec.PKCE)
	if len(spec.Scopes) > 0 {
		d.add(newScopes(spec))
	}
	d.addClaims(spec)
	if len(spec.GrantTypes) > 0 {
		d.add(list[authlete.Service, authlete.GrantType]{
			"supportedGrantTypes", upper[authlete.GrantType](spec.GrantTypes), func(s *authlete.Service) *[]authlete.GrantType { return &s.SupportedGrantTypes },
		})
	}
	if len(spec.ResponseTypes) > 0 {
		d.add(list[authlete.Service, authlete.ResponseType]{
			"supportedResponseTypes", upper[authlete.ResponseType](spec.ResponseTypes),
			func(s *authlete.Service) *[]authlete.ResponseType { return &s.SupportedResponseTypes },
		})
	}
	return d.Declared
}

func (d *service) addEndpoints(e authv1alpha1.Endpoints) {
	d.addText("issuer", e.Issuer, func(s *authlete.Service) *string { return &s.Issuer })
	d.addText("authorizationEndpoint", e.Authorization, func(s *authlete.Service) *string { return &s.AuthorizationEndpoint })
	d.addText("tokenEndpoint", e.Token, func(s *authlete.Service) *string { return &s.TokenEndpoint })
	d.addText("revocationEndpoint", e.Revocation, func(s *authlete.Service) *string { return &s.RevocationEndpoint })
	d.addText("introspectionEndpoint", e.Introspection, func(s *authlete.Service) *string { return &s.IntrospectionEndpoint })
	d.addText("userInfoEndpoint", e.Userinfo, func(s *authlete.Service) *string { return &s.UserInfoEndpoint })
	d.addText("jwksUri", e.JWKS, func(s *authlete.Service) *string { return &s.JWKSURI })
}

func (d *service) addDisplay(display *authv1alpha1.Display) {
	d.addText("serviceName", display.ServiceName, func(s *authlete.Service) *string { return &s.ServiceName })
	d.addText("policyUri", string(display.PolicyURI), func(s *authlete.Service) *string { return &s.PolicyURI })
	d.addText("tosUri", string(display.TosURI), func(s *authlete.Service) *string { return &s.TosURI })
}

func (d *service) addTokens(tokens *authv1alpha1.Tokens) {
	d.addSeconds("accessTokenDuration", tokens.AccessTokenSeconds, func(s *authlete.Service) *int64 { return &s.AccessTokenDuration })
	d.addSeconds("refreshTokenDuration", tokens.RefreshTokenSeconds, func(s *authlete.Service) *int64 { return &s.RefreshTokenDuration })
	d.addSeconds("idTokenDuration", tokens.IDTokenSeconds, func(s *authlete.Service) *int64 { return &s.IDTokenDuration })
	if tokens.RefreshLeewaySeconds != nil {
		repeated := *tokens.RefreshLeewaySeconds > 0
		d.add(value[authlete.Service, bool]{"refreshTokenIdempotent", repeated, func(s *authlete.Service) *bool { return &s.RefreshTokenIdempotent }})
	}
	if tokens.RefreshRotation != "" {
		kept := tokens.RefreshRotation == authv1alpha1.RefreshKeep
		d.add(value[authlete.Service, bool]{"refreshTokenKept", kept, func(s *authlete.Service) *bool { return &s.RefreshTokenKept }})
	}
}

// addClaims declares that the claims of the scopes are supported, where the spec gives claims to a scope.
func (d *service) addClaims(spec *authv1alpha1.AuthorizationServerSpec) {
	released, names := authlete.ScopeClaims{}, []string(nil)
	for _, scope := range spec.EffectiveScopes() {
		names = append(names, string(scope.Name))
		for _, claim := range scope.Claims {
			released[string(scope.Name)] = append(released[string(scope.Name)], string(claim))
		}
	}
	if len(released) == 0 {
		return
	}
	lacking := func(have, want []string) []string {
		return slices.DeleteFunc(slices.Clone(want), func(claim string) bool { return slices.Contains(have, claim) })
	}
	d.add(derived[authlete.Service, []string]{
		"supportedClaims", append([]string{"sub"}, released.Of(names)...),
		func(s *authlete.Service) []string { return s.SupportedClaims },
		func(s *authlete.Service, want []string) {
			s.SupportedClaims = slices.Concat(s.SupportedClaims, lacking(s.SupportedClaims, want))
		},
		func(have, want []string) bool { return len(lacking(have, want)) == 0 },
	})
}

func (d *service) addPKCE(pkce *authv1alpha1.PKCE) {
	if pkce.Required != "" {
		always := pkce.Required == authv1alpha1.PKCEAlways
		d.add(value[authlete.Service, bool]{"pkceRequired", always, func(s *authlete.Service) *bool { return &s.PkceRequired }})
	}
	if pkce.ChallengeMethods != "" {
		s256 := pkce.ChallengeMethods == authv1alpha1.PKCES256
		d.add(value[authlete.Service, bool]{"pkceS256Required", s256, func(s *authlete.Service) *bool { return &s.PkceS256Required }})
	}
}

// addText declares a text that is set.
func (d *service) addText(name, want string, of func(*authlete.Service) *string) {
	if want != "" {
		d.add(value[authlete.Service, string]{name, want, of})
	}
}

// addSeconds declares a lifetime that is set.
func (d *service) addSeconds(name string, want *int32, of func(*authlete.Service) *int64) {
	if want != nil {
		d.add(value[authlete.Service, int64]{name, int64(*want), of})
	}
}

// upper spells values as the API does.
func upper[To, From ~string](values []From) []To {
	all := make([]To, len(values))
	for i, value := range values {
		all[i] = To(upperOne(string(value)))
	}
	return all
}

// upperOne spells a value as the API does: authorization_code is AUTHORIZATION_CODE, and "code id_token" is CODE_ID_TOKEN.
func upperOne(value string) string {
	return strings.ToUpper(strings.ReplaceAll(value, " ", "_"))
}
