package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DefaultClientSecretKey is the key of a client secret of the user's own in its
// Secret.
const DefaultClientSecretKey = "client_secret"

// OutputSecretSuffix follows the name of the OAuthClient in the default name of
// the Secret that is written for the application.
const OutputSecretSuffix = "-oauth"

// Keys of the Secret that is written for the application.
const (
	// OutputClientID holds the client_id.
	OutputClientID = "client_id"
	// OutputClientSecret holds the client secret. It is missing for private_key_jwt and none.
	OutputClientSecret = "client_secret"
	// OutputIssuer holds the issuer identifier.
	OutputIssuer = "issuer"
	// OutputDiscoveryURL holds the URL of the discovery document.
	OutputDiscoveryURL = "discovery_url"
	// OutputAuthorizationURL holds the URL of the authorization endpoint.
	OutputAuthorizationURL = "authorization_url"
	// OutputTokenURL holds the URL of the token endpoint.
	OutputTokenURL = "token_url"
	// OutputJWKSURL holds the URL of the public signing keys.
	OutputJWKSURL = "jwks_url"
	// OutputUserinfoURL holds the URL of the userinfo endpoint.
	OutputUserinfoURL = "userinfo_url"
	// OutputIntrospectionURL holds the URL of the introspection endpoint.
	OutputIntrospectionURL = "introspection_url"
	// OutputRevocationURL holds the URL of the revocation endpoint.
	OutputRevocationURL = "revocation_url"
)

// GetConditions returns the conditions.
func (c *OAuthClient) GetConditions() []metav1.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *OAuthClient) SetConditions(conditions []metav1.Condition) { c.Status.Conditions = conditions }

// SetObservedGeneration records the generation that the status describes.
func (c *OAuthClient) SetObservedGeneration(generation int64) {
	c.Status.ObservedGeneration = generation
}

// EffectiveClientID returns the client_id: spec.clientID, or else the name of the
// object. Of an adopted client whose ID the spec does not name it returns the
// identifier by which the client is found; the client_id is then the backend's to
// say.
func (c *OAuthClient) EffectiveClientID() string {
	if c.Spec.Adopt != nil {
		return nonZeroOr(c.Spec.ClientID, c.Spec.Adopt.Client)
	}
	return nonZeroOr(c.Spec.ClientID, c.Name)
}

// EffectiveClientName returns the name on the consent page: the client ID by
// default.
func (c *OAuthClient) EffectiveClientName() string {
	return nonZeroOr(c.Spec.ClientName, c.EffectiveClientID())
}

// EffectiveOutputSecretName returns the name of the Secret that is written for
// the application: the name of the object with "-oauth" by default.
func (c *OAuthClient) EffectiveOutputSecretName() string {
	return nonZeroOr(c.Spec.Secret.Output.Name, c.Name+OutputSecretSuffix)
}

// EffectiveAuthMethod returns how the client authenticates, client_secret_basic
// by default.
func (s *OAuthClientSpec) EffectiveAuthMethod() ClientAuthMethod {
	return nonZeroOr(s.TokenEndpointAuthMethod, AuthClientSecretBasic)
}

// HasSecret returns whether the client authenticates with a client secret.
func (s *OAuthClientSpec) HasSecret() bool {
	method := s.EffectiveAuthMethod()
	return method == AuthClientSecretBasic || method == AuthClientSecretPost
}

// IsPublic returns whether the client does not authenticate.
func (s *OAuthClientSpec) IsPublic() bool { return s.EffectiveAuthMethod() == AuthNone }

// EffectiveApplicationType returns the kind of application, web by default.
func (s *OAuthClientSpec) EffectiveApplicationType() ApplicationType {
	return nonZeroOr(s.ApplicationType, ApplicationWeb)
}

// EffectiveGrantTypes returns the grant types of the client: authorization_code
// and refresh_token by default.
func (s *OAuthClientSpec) EffectiveGrantTypes() []GrantType {
	if len(s.GrantTypes) > 0 {
		return slices.Clone(s.GrantTypes)
	}
	return []GrantType{GrantAuthorizationCode, GrantRefreshToken}
}

// EffectiveResponseTypes returns the response types of the client: code by
// default when it uses authorization codes, else none.
func (s *OAuthClientSpec) EffectiveResponseTypes() []ResponseType {
	return responseTypes(s.ResponseTypes, s.EffectiveGrantTypes())
}

// EffectiveAuthMethodMatch returns which methods a client with a secret may use.
func (s *OAuthClientSpec) EffectiveAuthMethodMatch() AuthMethodMatch {
	return nonZeroOr(s.TokenEndpointAuthMethodMatch, AuthMethodAnySecret)
}

// EffectiveConsent returns whether people are asked, Ask by default.
func (s *OAuthClientSpec) EffectiveConsent() ClientConsent {
	return nonZeroOr(s.Consent, ClientConsentAsk)
}

// EffectiveIDTokenClaims returns which claims ID tokens have, Scopes by default.
func (s *OAuthClientSpec) EffectiveIDTokenClaims() IDTokenClaims {
	return nonZeroOr(s.IDTokenClaims, IDTokenScopes)
}

// EffectiveManagement returns what happens to differences: Observe by default for
// an adopted client, else Enforce.
func (s *OAuthClientSpec) EffectiveManagement() ClientManagement {
	if s.Adopt != nil {
		return nonZeroOr(s.Management, ClientObserve)
	}
	return nonZeroOr(s.Management, ClientEnforce)
}

// EffectiveDeletionPolicy returns what happens when the object is deleted: Retain
// by default for an adopted client, and always for one that is only observed;
// else Delete.
func (s *OAuthClientSpec) EffectiveDeletionPolicy() ClientDeletionPolicy {
	if s.EffectiveManagement() == ClientObserve {
		return ClientRetain
	}
	if s.Adopt != nil {
		return nonZeroOr(s.DeletionPolicy, ClientRetain)
	}
	return nonZeroOr(s.DeletionPolicy, ClientDelete)
}
