package v1alpha1

import (
	"net/url"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Defaults of an AuthorizationServer.
const (
	DefaultReplicas                 int32 = 1
	DefaultServicePort              int32 = 80
	DefaultServiceTLSPort           int32 = 443
	DefaultTerminationGraceSeconds  int64 = 30
	DefaultAccessTokenSeconds       int32 = 3600
	DefaultRefreshTokenSeconds      int32 = 1209600
	DefaultRefreshAbsoluteSeconds   int32 = 7776000
	DefaultRefreshLeewaySeconds     int32 = 5
	DefaultIDTokenSeconds           int32 = 3600
	DefaultAuthorizationCodeSeconds int32 = 60
	DefaultRotationIntervalDays     int32 = 90
	DefaultSessionIdleSeconds       int32 = 3600
	DefaultSessionAbsoluteSeconds   int32 = 43200
	DefaultInteractionSeconds       int32 = 900
	DefaultFreeAttempts             int32 = 3
	DefaultMaxDelaySeconds          int32 = 300
	DefaultMaxConnections           int32 = 10
	DefaultConnectTimeoutSeconds    int32 = 5
	DefaultRequestTimeoutSeconds    int32 = 10
	DefaultVolumeSize                     = "1Gi"
	DefaultConnectionKey                  = "url"
	DefaultCAKey                          = "ca.crt"
	DefaultCallerSecretKey                = "secret"
)

// GetConditions returns the conditions.
func (a *AuthorizationServer) GetConditions() []metav1.Condition { return a.Status.Conditions }

// SetConditions replaces the conditions.
func (a *AuthorizationServer) SetConditions(conditions []metav1.Condition) {
	a.Status.Conditions = conditions
}

// SetObservedGeneration records the generation that the status describes.
func (a *AuthorizationServer) SetObservedGeneration(generation int64) {
	a.Status.ObservedGeneration = generation
}

// EffectiveReplicas returns the number of pods, 1 by default.
func (s *AuthorizationServerSpec) EffectiveReplicas() int32 {
	return valueOr(s.Replicas, DefaultReplicas)
}

// EffectiveStorageType returns the storage of the embedded engine, or "" when
// another engine is selected.
func (s *AuthorizationServerSpec) EffectiveStorageType() StorageType {
	if s.Backend.Embedded == nil {
		return ""
	}
	return s.Backend.Embedded.Storage.Type
}

// EffectiveVolumeClaim returns the volume of SQLite storage. Its size is set,
// unless it names an existing claim.
func (s *AuthorizationServerSpec) EffectiveVolumeClaim() VolumeClaim {
	claim := VolumeClaim{}
	if s.Backend.Embedded != nil && s.Backend.Embedded.Storage.SQLite != nil {
		s.Backend.Embedded.Storage.SQLite.VolumeClaim.DeepCopyInto(&claim)
	}
	if claim.Size == nil && claim.ExistingClaimName == "" {
		size := resource.MustParse(DefaultVolumeSize)
		claim.Size = &size
	}
	return claim
}

// EffectiveMaxConnections returns the bound of connections per pod, 10 by
// default.
func (p *PostgreSQLStorage) EffectiveMaxConnections() int32 {
	return valueOr(p.MaxConnections, DefaultMaxConnections)
}

// EffectiveManagement returns what happens to service settings that differ,
// Observe by default.
func (a *AuthleteBackend) EffectiveManagement() AuthleteManagement {
	return nonZeroOr(a.Management, ManagementObserve)
}

// EffectiveConnectTimeoutSeconds returns the bound of connecting, 5 seconds by
// default.
func (a *AuthleteBackend) EffectiveConnectTimeoutSeconds() int32 {
	return valueOr(a.ConnectTimeoutSeconds, DefaultConnectTimeoutSeconds)
}

// EffectiveRequestTimeoutSeconds returns the bound of one call, 10 seconds by
// default.
func (a *AuthleteBackend) EffectiveRequestTimeoutSeconds() int32 {
	return valueOr(a.RequestTimeoutSeconds, DefaultRequestTimeoutSeconds)
}

// EffectiveTerminationGracePeriodSeconds returns how long a pod may finish
// requests, 30 seconds by default.
func (s *AuthorizationServerSpec) EffectiveTerminationGracePeriodSeconds() int64 {
	return valueOr(s.PodTemplate.TerminationGracePeriodSeconds, DefaultTerminationGraceSeconds)
}

// EffectiveServiceType returns the type of the Service, ClusterIP by default.
func (s *AuthorizationServerSpec) EffectiveServiceType() ServiceType {
	return nonZeroOr(s.Service.Type, ServiceClusterIP)
}

// EffectiveServicePort returns the port of the Service: 80 by default, 443 when
// the pods serve HTTPS.
func (s *AuthorizationServerSpec) EffectiveServicePort() int32 {
	if s.TLS != nil {
		return valueOr(s.Service.Port, DefaultServiceTLSPort)
	}
	return valueOr(s.Service.Port, DefaultServicePort)
}

// EffectiveServiceName returns what the pages call the service: the issuer's
// host by default.
func (s *AuthorizationServerSpec) EffectiveServiceName() string {
	if s.Display.ServiceName != "" {
		return s.Display.ServiceName
	}
	if u, err := url.Parse(s.Issuer); err == nil {
		return u.Host
	}
	return s.Issuer
}

// EffectiveScopes returns the scopes of the server with their defaults filled
// in: the standard ones, as spec.scopes may change them, then the others in the
// order of the spec.
func (s *AuthorizationServerSpec) EffectiveScopes() []Scope {
	scopes := standardScopes()
	known := make(map[ScopeName]int, len(scopes)+len(s.Scopes))
	for i, scope := range scopes {
		known[scope.Name] = i
	}
	for _, scope := range s.Scopes {
		scope.Grant = nonZeroOr(scope.Grant, ScopeOnRequest)
		if i, ok := known[scope.Name]; ok {
			scope.Description = nonZeroOr(scope.Description, scopes[i].Description)
			scopes[i] = scope
			continue
		}
		scope.Description = nonZeroOr(scope.Description, string(scope.Name))
		known[scope.Name] = len(scopes)
		scopes = append(scopes, scope)
	}
	return scopes
}

// standardScopes returns the scopes that every server knows.
func standardScopes() []Scope {
	return []Scope{
		{Name: ScopeOpenID, Description: "Confirm who you are", Grant: ScopeOnRequest},
		{Name: ScopeProfile, Description: "Your name, picture and other profile details", Grant: ScopeOnRequest},
		{Name: ScopeEmail, Description: "Your email address", Grant: ScopeOnRequest},
		{Name: ScopeAddress, Description: "Your postal address", Grant: ScopeOnRequest},
		{Name: ScopePhone, Description: "Your phone number", Grant: ScopeOnRequest},
		{Name: ScopeGroups, Description: "The groups that you belong to", Grant: ScopeOnRequest},
		{Name: ScopeOfflineAccess, Description: "Keep access while you are away", Grant: ScopeOnRequest},
	}
}

// EffectiveGrantTypes returns the grant types of the server: authorization_code,
// refresh_token and client_credentials by default.
func (s *AuthorizationServerSpec) EffectiveGrantTypes() []GrantType {
	if len(s.GrantTypes) > 0 {
		return slices.Clone(s.GrantTypes)
	}
	return []GrantType{GrantAuthorizationCode, GrantRefreshToken, GrantClientCredentials}
}

// EffectiveResponseTypes returns the response types of the server: code by
// default when the server supports authorization codes, else none.
func (s *AuthorizationServerSpec) EffectiveResponseTypes() []ResponseType {
	return responseTypes(s.ResponseTypes, s.EffectiveGrantTypes())
}

// EffectiveTokens returns the lifetimes with every field set.
func (s *AuthorizationServerSpec) EffectiveTokens() Tokens {
	t := s.Tokens
	refresh := valueOr(t.RefreshTokenSeconds, DefaultRefreshTokenSeconds)
	return Tokens{
		AccessTokenSeconds:       new(valueOr(t.AccessTokenSeconds, DefaultAccessTokenSeconds)),
		RefreshTokenSeconds:      new(refresh),
		RefreshAbsoluteSeconds:   new(valueOr(t.RefreshAbsoluteSeconds, max(DefaultRefreshAbsoluteSeconds, refresh))),
		RefreshLeewaySeconds:     new(valueOr(t.RefreshLeewaySeconds, DefaultRefreshLeewaySeconds)),
		IDTokenSeconds:           new(valueOr(t.IDTokenSeconds, DefaultIDTokenSeconds)),
		AuthorizationCodeSeconds: new(valueOr(t.AuthorizationCodeSeconds, DefaultAuthorizationCodeSeconds)),
		RefreshRotation:          nonZeroOr(t.RefreshRotation, RefreshRotate),
	}
}

// EffectiveSigning returns the signing settings with every field set.
func (s *AuthorizationServerSpec) EffectiveSigning() Signing {
	return Signing{
		Algorithm:            nonZeroOr(s.Signing.Algorithm, SigningRS256),
		RotationIntervalDays: new(valueOr(s.Signing.RotationIntervalDays, DefaultRotationIntervalDays)),
	}
}

// EffectivePKCE returns the PKCE rules with every field set.
func (s *AuthorizationServerSpec) EffectivePKCE() PKCE {
	return PKCE{
		Required:         nonZeroOr(s.PKCE.Required, PKCEPublicClients),
		ChallengeMethods: nonZeroOr(s.PKCE.ChallengeMethods, PKCES256),
	}
}

// EffectiveSession returns the session settings with every field set.
func (s *AuthorizationServerSpec) EffectiveSession() Session {
	return Session{
		IdleSeconds:        new(valueOr(s.Session.IdleSeconds, DefaultSessionIdleSeconds)),
		AbsoluteSeconds:    new(valueOr(s.Session.AbsoluteSeconds, DefaultSessionAbsoluteSeconds)),
		InteractionSeconds: new(valueOr(s.Session.InteractionSeconds, DefaultInteractionSeconds)),
		Consent:            nonZeroOr(s.Session.Consent, ConsentRemember),
	}
}

// EffectiveLogin returns the settings of the login page with every field set.
func (s *AuthorizationServerSpec) EffectiveLogin() Login {
	return Login{
		FreeAttempts:    new(valueOr(s.Login.FreeAttempts, DefaultFreeAttempts)),
		MaxDelaySeconds: new(valueOr(s.Login.MaxDelaySeconds, DefaultMaxDelaySeconds)),
	}
}

// EffectiveEmailVerification returns what is said of email addresses of users who
// say nothing, Unverified by default.
func (s *AuthorizationServerSpec) EffectiveEmailVerification() EmailVerification {
	return nonZeroOr(s.Users.DefaultEmailVerification, EmailUnverified)
}

// EffectiveLogLevel returns the log level, Info by default.
func (s *AuthorizationServerSpec) EffectiveLogLevel() LogLevel {
	return nonZeroOr(s.Log.Level, LogInfo)
}

// EndpointsOf returns the URLs of the endpoints of the server with the issuer.
func EndpointsOf(issuer string) Endpoints {
	return Endpoints{
		Issuer:        issuer,
		Discovery:     issuer + "/.well-known/openid-configuration",
		Authorization: issuer + "/api/authorization",
		Token:         issuer + "/api/token",
		JWKS:          issuer + "/api/jwks",
		Userinfo:      issuer + "/api/userinfo",
		Introspection: issuer + "/api/introspection",
		Revocation:    issuer + "/api/revocation",
	}
}

// responseTypes returns declared, or else the response types that the grant
// types imply.
func responseTypes(declared []ResponseType, grants []GrantType) []ResponseType {
	if len(declared) > 0 {
		return slices.Clone(declared)
	}
	if slices.Contains(grants, GrantAuthorizationCode) {
		return []ResponseType{ResponseCode}
	}
	return nil
}
