package authlete

import "context"

// AuthorizationAPI is the authorization endpoint's half of the runtime API.
//
// The returned error speaks of transport only (the call could not be made, or
// the backend refused the caller); every outcome of the protocol is an Action.
type AuthorizationAPI interface {
	// Authorization validates an authorization request (POST auth/authorization).
	Authorization(ctx context.Context, req *AuthorizationRequest) (*AuthorizationResponse, error)
	// AuthorizationIssue consumes a ticket in favor of a subject (POST auth/authorization/issue).
	AuthorizationIssue(ctx context.Context, req *AuthorizationIssueRequest) (*AuthorizationIssueResponse, error)
	// AuthorizationFail consumes a ticket with an error for the client (POST auth/authorization/fail).
	AuthorizationFail(ctx context.Context, req *AuthorizationFailRequest) (*AuthorizationFailResponse, error)
}

// TokenAPI is the token endpoint's half of the runtime API.
type TokenAPI interface {
	// Token processes a token request (POST auth/token).
	Token(ctx context.Context, req *TokenRequest) (*TokenResponse, error)
	// TokenIssue completes a password grant (POST auth/token/issue).
	TokenIssue(ctx context.Context, req *TokenIssueRequest) (*TokenIssueResponse, error)
	// TokenFail refuses a password grant (POST auth/token/fail).
	TokenFail(ctx context.Context, req *TokenFailRequest) (*TokenFailResponse, error)
}

// RevocationAPI serves the revocation endpoint (RFC 7009).
type RevocationAPI interface {
	// Revocation processes a revocation request (POST auth/revocation).
	Revocation(ctx context.Context, req *RevocationRequest) (*RevocationResponse, error)
}

// IntrospectionAPI answers questions about access tokens.
type IntrospectionAPI interface {
	// Introspection checks a token for a resource server (POST auth/introspection).
	Introspection(ctx context.Context, req *IntrospectionRequest) (*IntrospectionResponse, error)
	// StandardIntrospection answers an RFC 7662 request (POST auth/introspection/standard).
	StandardIntrospection(ctx context.Context, req *StandardIntrospectionRequest) (*StandardIntrospectionResponse, error)
}

// UserInfoAPI serves the userinfo endpoint (OpenID Connect Core 1.0, section 5.3).
type UserInfoAPI interface {
	// UserInfo validates the access token of a userinfo request (POST auth/userinfo).
	UserInfo(ctx context.Context, req *UserInfoRequest) (*UserInfoResponse, error)
	// UserInfoIssue builds the userinfo response (POST auth/userinfo/issue).
	UserInfoIssue(ctx context.Context, req *UserInfoIssueRequest) (*UserInfoIssueResponse, error)
}

// MetadataAPI serves what relying parties read to set themselves up.
type MetadataAPI interface {
	// ServiceJWKS returns the JWK Set document (GET service/jwks/get), private keys left out.
	ServiceJWKS(ctx context.Context) ([]byte, error)
	// ServiceConfiguration returns the discovery document (GET service/configuration).
	ServiceConfiguration(ctx context.Context) ([]byte, error)
}

// FederationAPI serves the entity configuration of a federation (OpenID Federation 1.0).
type FederationAPI interface {
	// FederationConfiguration returns the signed entity configuration (POST federation/configuration).
	FederationConfiguration(ctx context.Context, req *FederationConfigurationRequest) (*FederationConfigurationResponse, error)
}

// Runtime is everything that the server's endpoints call.
type Runtime interface {
	AuthorizationAPI
	TokenAPI
	RevocationAPI
	IntrospectionAPI
	UserInfoAPI
	MetadataAPI
	FederationAPI
}

// ServiceManagementAPI reads and changes the settings of the service.
type ServiceManagementAPI interface {
	// ServiceGet returns the service settings (GET service/get).
	ServiceGet(ctx context.Context) (*Service, error)
	// ServiceUpdate replaces the service settings (POST service/update) and returns what is in force.
	ServiceUpdate(ctx context.Context, service *Service) (*Service, error)
}

// ClientManagementAPI manages client applications. An identifier is the decimal
// client id or the alias. An unknown client is an *Error with status 404.
type ClientManagementAPI interface {
	// ClientCreate registers a client (POST client/create).
	ClientCreate(ctx context.Context, client *Client) (*Client, error)
	// ClientGet returns a client (GET client/get/{identifier}).
	ClientGet(ctx context.Context, identifier string) (*Client, error)
	// ClientList returns the clients numbered start to end, end excluded (GET client/get/list).
	ClientList(ctx context.Context, start, end int) (*ClientListResponse, error)
	// ClientUpdate replaces a client's settings, its secret excepted (POST client/update/{identifier}).
	ClientUpdate(ctx context.Context, identifier string, client *Client) (*Client, error)
	// ClientDelete removes a client and everything granted to it (DELETE client/delete/{identifier}).
	ClientDelete(ctx context.Context, identifier string) error
	// ClientSecretRefresh replaces the secret with a generated one (GET client/secret/refresh/{identifier}).
	ClientSecretRefresh(ctx context.Context, identifier string) (*ClientSecretResponse, error)
	// ClientSecretUpdate imposes a secret (POST client/secret/update/{identifier}).
	ClientSecretUpdate(ctx context.Context, identifier string, req *ClientSecretUpdateRequest) (*ClientSecretResponse, error)
}

// TokenManagementAPI acts on issued tokens without a request of a client.
type TokenManagementAPI interface {
	// TokenRevoke revokes the tokens that match (POST auth/token/revoke).
	TokenRevoke(ctx context.Context, req *TokenRevokeRequest) (*TokenRevokeResponse, error)
}

// Management is everything that the operator calls.
type Management interface {
	ServiceManagementAPI
	ClientManagementAPI
	TokenManagementAPI
}
