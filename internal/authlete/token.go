package authlete

// TokenAction is what the caller of auth/token must do next.
type TokenAction string

// Actions of auth/token.
const (
	TokenInvalidClient       TokenAction = "INVALID_CLIENT"
	TokenInternalServerError TokenAction = "INTERNAL_SERVER_ERROR"
	TokenBadRequest          TokenAction = "BAD_REQUEST"
	TokenPassword            TokenAction = "PASSWORD"
	TokenOK                  TokenAction = "OK"
	TokenExchange            TokenAction = "TOKEN_EXCHANGE"
	TokenJWTBearer           TokenAction = "JWT_BEARER"
	TokenIDTokenReissuable   TokenAction = "ID_TOKEN_REISSUABLE" //nolint:gosec // the name of an outcome
)

// TokenRequest carries a token request as it came.
type TokenRequest struct {
	// Parameters is the raw form body.
	Parameters string `json:"parameters"`
	// ClientID is the user part of HTTP Basic authentication, form-decoded (RFC 6749, section 2.3.1).
	ClientID string `json:"clientId,omitempty"`
	// ClientSecret is the password part of HTTP Basic authentication, form-decoded.
	ClientSecret string `json:"clientSecret,omitempty"`
	Proofs
}

// TokenResponse is the outcome of a token request.
type TokenResponse struct {
	Result
	// Action is what to do next.
	Action TokenAction `json:"action"`
	// ResponseContent is the JSON body for the client.
	ResponseContent string `json:"responseContent,omitempty"`
	// Ticket is there for the action PASSWORD; TokenIssue or TokenFail consumes it.
	Ticket string `json:"ticket,omitempty"`
	// Username is the end-user's login id, there for the action PASSWORD.
	Username string `json:"username,omitempty"`
	// Password is the end-user's password, there for the action PASSWORD.
	Password string `json:"password,omitempty"`
	// GrantType is the grant, e.g. AUTHORIZATION_CODE.
	GrantType GrantType `json:"grantType,omitempty"`
	// ClientID is the client.
	ClientID int64 `json:"clientId,omitempty"`
	// ClientIDAlias is the alias of the client.
	ClientIDAlias string `json:"clientIdAlias,omitempty"`
	// ClientIDAliasUsed says that the request named the client by its alias.
	ClientIDAliasUsed bool `json:"clientIdAliasUsed"`
	// Subject is the end-user; empty for client credentials.
	Subject string `json:"subject,omitempty"`
	// Scopes are those of the access token.
	Scopes []string `json:"scopes,omitempty"`
	// AccessToken is the token in ResponseContent.
	AccessToken string `json:"accessToken,omitempty"`
	// AccessTokenDuration is in seconds.
	AccessTokenDuration int64 `json:"accessTokenDuration,omitempty"`
	// AccessTokenExpiresAt is in milliseconds since the epoch.
	AccessTokenExpiresAt int64 `json:"accessTokenExpiresAt,omitempty"`
	// RefreshToken is the refresh token in ResponseContent, if any.
	RefreshToken string `json:"refreshToken,omitempty"`
	// RefreshTokenDuration is in seconds.
	RefreshTokenDuration int64 `json:"refreshTokenDuration,omitempty"`
	// RefreshTokenExpiresAt is in milliseconds since the epoch.
	RefreshTokenExpiresAt int64 `json:"refreshTokenExpiresAt,omitempty"`
	// IDToken is the ID token in ResponseContent, if any.
	IDToken string `json:"idToken,omitempty"`
	// DPoPNonce is the nonce that the next DPoP proof must have; it goes into the header DPoP-Nonce (RFC 9449, section 8).
	DPoPNonce string `json:"dpopNonce,omitempty"`
	// AttestationChallenge is the challenge that the next client attestation must have; it goes into the header
	// OAuth-Client-Attestation-Challenge.
	AttestationChallenge string `json:"attestationChallenge,omitempty"`
}

// TokenIssueAction is what the caller of auth/token/issue must do next.
type TokenIssueAction string

// Actions of auth/token/issue.
const (
	TokenIssueInternalServerError TokenIssueAction = "INTERNAL_SERVER_ERROR"
	TokenIssueOK                  TokenIssueAction = "OK"
)

// TokenIssueRequest completes a password grant.
type TokenIssueRequest struct {
	// Ticket is the ticket of the token response.
	Ticket string `json:"ticket"`
	// Subject is the end-user whose password was right.
	Subject string `json:"subject"`
}

// TokenIssueResponse is the end of a granted password request.
type TokenIssueResponse struct {
	Result
	// Action is what to do next.
	Action TokenIssueAction `json:"action"`
	// ResponseContent is the JSON body for the client.
	ResponseContent string `json:"responseContent,omitempty"`
	// ClientID is the client.
	ClientID int64 `json:"clientId,omitempty"`
	// ClientIDAlias is the alias of the client.
	ClientIDAlias string `json:"clientIdAlias,omitempty"`
	// ClientIDAliasUsed says that the token request named the client by its alias.
	ClientIDAliasUsed bool `json:"clientIdAliasUsed"`
	// Subject is the end-user.
	Subject string `json:"subject,omitempty"`
	// Scopes are those of the access token.
	Scopes []string `json:"scopes,omitempty"`
	// AccessToken is the token in ResponseContent.
	AccessToken string `json:"accessToken,omitempty"`
	// AccessTokenDuration is in seconds.
	AccessTokenDuration int64 `json:"accessTokenDuration,omitempty"`
	// AccessTokenExpiresAt is in milliseconds since the epoch.
	AccessTokenExpiresAt int64 `json:"accessTokenExpiresAt,omitempty"`
	// RefreshToken is the refresh token in ResponseContent, if any.
	RefreshToken string `json:"refreshToken,omitempty"`
	// RefreshTokenDuration is in seconds.
	RefreshTokenDuration int64 `json:"refreshTokenDuration,omitempty"`
	// RefreshTokenExpiresAt is in milliseconds since the epoch.
	RefreshTokenExpiresAt int64 `json:"refreshTokenExpiresAt,omitempty"`
}

// TokenFailReason says why a password grant is refused.
type TokenFailReason string

// Reasons of auth/token/fail.
const (
	TokenFailUnknown                         TokenFailReason = "UNKNOWN"
	TokenFailInvalidResourceOwnerCredentials TokenFailReason = "INVALID_RESOURCE_OWNER_CREDENTIALS"
	TokenFailInvalidTarget                   TokenFailReason = "INVALID_TARGET"
)

// TokenFailAction is what the caller of auth/token/fail must do next.
type TokenFailAction string

// Actions of auth/token/fail.
const (
	TokenFailInternalServerError TokenFailAction = "INTERNAL_SERVER_ERROR"
	TokenFailBadRequest          TokenFailAction = "BAD_REQUEST"
)

// TokenFailRequest refuses a password grant.
type TokenFailRequest struct {
	// Ticket is the ticket of the token response.
	Ticket string `json:"ticket"`
	// Reason selects the error that the client gets.
	Reason TokenFailReason `json:"reason"`
}

// TokenFailResponse is the end of a refused password request.
type TokenFailResponse struct {
	Result
	// Action is what to do next.
	Action TokenFailAction `json:"action"`
	// ResponseContent is the JSON body for the client.
	ResponseContent string `json:"responseContent,omitempty"`
}

// RevocationAction is what the caller of auth/revocation must do next.
type RevocationAction string

// Actions of auth/revocation.
const (
	RevocationInvalidClient       RevocationAction = "INVALID_CLIENT"
	RevocationInternalServerError RevocationAction = "INTERNAL_SERVER_ERROR"
	RevocationBadRequest          RevocationAction = "BAD_REQUEST"
	RevocationOK                  RevocationAction = "OK"
)

// RevocationRequest carries a revocation request as it came; the fields are those of TokenRequest.
type RevocationRequest struct {
	// Parameters is the raw form body.
	Parameters string `json:"parameters"`
	// ClientID is the user part of HTTP Basic authentication, form-decoded.
	ClientID string `json:"clientId,omitempty"`
	// ClientSecret is the password part of HTTP Basic authentication, form-decoded.
	ClientSecret string `json:"clientSecret,omitempty"`
	CertificateProof
	AttestationProof
}

// RevocationResponse is the outcome of a revocation request.
type RevocationResponse struct {
	Result
	// Action is what to do next.
	Action RevocationAction `json:"action"`
	// ResponseContent is the JSON body of an error.
	ResponseContent string `json:"responseContent,omitempty"`
}

// TokenRevokeRequest selects tokens to revoke; the fields that are set must all match.
type TokenRevokeRequest struct {
	// ClientIdentifier is a client id or alias.
	ClientIdentifier string `json:"clientIdentifier,omitempty"`
	// Subject is an end-user.
	Subject string `json:"subject,omitempty"`
}

// TokenRevokeResponse counts what was revoked.
type TokenRevokeResponse struct {
	Result
	// Count is how many grants lost their tokens.
	Count int64 `json:"count"`
}
