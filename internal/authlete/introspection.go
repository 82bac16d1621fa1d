package authlete

// IntrospectionAction is what the caller of auth/introspection must do next.
type IntrospectionAction string

// Actions of auth/introspection.
const (
	IntrospectionInternalServerError IntrospectionAction = "INTERNAL_SERVER_ERROR"
	IntrospectionBadRequest          IntrospectionAction = "BAD_REQUEST"
	IntrospectionUnauthorized        IntrospectionAction = "UNAUTHORIZED"
	IntrospectionForbidden           IntrospectionAction = "FORBIDDEN"
	IntrospectionOK                  IntrospectionAction = "OK"
)

// IntrospectionRequest asks whether an access token is good for what a resource server needs.
type IntrospectionRequest struct {
	// Token is the access token.
	Token string `json:"token"`
	// Scopes must all be covered by the token.
	Scopes []string `json:"scopes,omitempty"`
	// Subject must be the token's subject, if set.
	Subject string `json:"subject,omitempty"`
}

// IntrospectionResponse describes an access token. ResponseContent is a WWW-Authenticate value.
type IntrospectionResponse struct {
	Result
	// Action is what to do next.
	Action IntrospectionAction `json:"action"`
	// ResponseContent is a WWW-Authenticate value (RFC 6750, section 3).
	ResponseContent string `json:"responseContent,omitempty"`
	// ClientID is the client of the token.
	ClientID int64 `json:"clientId,omitempty"`
	// ClientIDAlias is the alias of the client of the token.
	ClientIDAlias string `json:"clientIdAlias,omitempty"`
	// ClientIDAliasUsed says that the client named itself by its alias.
	ClientIDAliasUsed bool `json:"clientIdAliasUsed"`
	// Existent says that the token is known.
	Existent bool `json:"existent"`
	// Usable says that the token is neither expired nor revoked.
	Usable bool `json:"usable"`
	// Sufficient says that the token covers the requested scopes.
	Sufficient bool `json:"sufficient"`
	// Refreshable says that there is a refresh token beside the token.
	Refreshable bool `json:"refreshable"`
	// ExpiresAt is in milliseconds since the epoch.
	ExpiresAt int64 `json:"expiresAt,omitempty"`
	// Subject is the end-user; empty for client credentials.
	Subject string `json:"subject,omitempty"`
	// Scopes are those of the token.
	Scopes []string `json:"scopes,omitempty"`
}

// StandardIntrospectionAction is what the caller of auth/introspection/standard must do next.
type StandardIntrospectionAction string

// Actions of auth/introspection/standard.
const (
	StandardIntrospectionInternalServerError StandardIntrospectionAction = "INTERNAL_SERVER_ERROR"
	StandardIntrospectionBadRequest          StandardIntrospectionAction = "BAD_REQUEST"
	StandardIntrospectionOK                  StandardIntrospectionAction = "OK"
	StandardIntrospectionJWT                 StandardIntrospectionAction = "JWT"
)

// StandardIntrospectionRequest carries an RFC 7662 request as it came.
type StandardIntrospectionRequest struct {
	// Parameters is the raw form body.
	Parameters string `json:"parameters"`
}

// StandardIntrospectionResponse is the RFC 7662 response.
type StandardIntrospectionResponse struct {
	Result
	// Action is what to do next.
	Action StandardIntrospectionAction `json:"action"`
	// ResponseContent is the JSON (or JWT) body.
	ResponseContent string `json:"responseContent,omitempty"`
}

// UserInfoAction is what the caller of auth/userinfo must do next.
type UserInfoAction string

// Actions of auth/userinfo.
const (
	UserInfoInternalServerError UserInfoAction = "INTERNAL_SERVER_ERROR"
	UserInfoBadRequest          UserInfoAction = "BAD_REQUEST"
	UserInfoUnauthorized        UserInfoAction = "UNAUTHORIZED"
	UserInfoForbidden           UserInfoAction = "FORBIDDEN"
	UserInfoOK                  UserInfoAction = "OK"
)

// UserInfoRequest asks whether an access token is good for the userinfo endpoint.
type UserInfoRequest struct {
	// Token is the access token.
	Token string `json:"token"`
	// ClientCertificate is the certificate of the caller, PEM; a token that is bound to another one is refused.
	ClientCertificate string `json:"clientCertificate,omitempty"`
	DPoPProof
}

// UserInfoResponse names the end-user and the claims to return. On errors ResponseContent is a WWW-Authenticate value.
type UserInfoResponse struct {
	Result
	// Action is what to do next.
	Action UserInfoAction `json:"action"`
	// ResponseContent is a WWW-Authenticate value (RFC 6750, section 3).
	ResponseContent string `json:"responseContent,omitempty"`
	// Claims are the names of the claims to return.
	Claims []string `json:"claims,omitempty"`
	// ClientID is the client of the token.
	ClientID int64 `json:"clientId,omitempty"`
	// Scopes are those of the token.
	Scopes []string `json:"scopes,omitempty"`
	// Subject is the end-user.
	Subject string `json:"subject,omitempty"`
	// Token is the access token of the request.
	Token string `json:"token,omitempty"`
	// UserInfoClaims is the userinfo member of the claims parameter, JSON.
	UserInfoClaims string `json:"userInfoClaims,omitempty"`
	// ConsentedClaims are the claims that the end-user agreed to, where the front end that issued the token said which.
	ConsentedClaims []string `json:"consentedClaims,omitempty"`
	// DPoPNonce is the nonce that the next DPoP proof must have; it goes into the header DPoP-Nonce (RFC 9449, section 9).
	DPoPNonce string `json:"dpopNonce,omitempty"`
}

// UserInfoIssueAction is what the caller of auth/userinfo/issue must do next.
type UserInfoIssueAction string

// Actions of auth/userinfo/issue.
const (
	UserInfoIssueInternalServerError UserInfoIssueAction = "INTERNAL_SERVER_ERROR"
	UserInfoIssueBadRequest          UserInfoIssueAction = "BAD_REQUEST"
	UserInfoIssueUnauthorized        UserInfoIssueAction = "UNAUTHORIZED"
	UserInfoIssueForbidden           UserInfoIssueAction = "FORBIDDEN"
	UserInfoIssueJSON                UserInfoIssueAction = "JSON"
	UserInfoIssueJWT                 UserInfoIssueAction = "JWT"
)

// UserInfoIssueRequest supplies the claim values of a userinfo response.
type UserInfoIssueRequest struct {
	// Token is the access token.
	Token string `json:"token"`
	// Claims is a JSON object with the values.
	Claims string `json:"claims,omitempty"`
	// Sub replaces the sub claim.
	Sub string `json:"sub,omitempty"`
}

// UserInfoIssueResponse is the userinfo response.
type UserInfoIssueResponse struct {
	Result
	// Action is what to do next.
	Action UserInfoIssueAction `json:"action"`
	// ResponseContent is the body, or a WWW-Authenticate value on errors.
	ResponseContent string `json:"responseContent,omitempty"`
}
