package authlete

import "slices"

// AuthorizationAction is what the caller of auth/authorization must do next.
type AuthorizationAction string

// Actions of auth/authorization.
const (
	AuthorizationInternalServerError AuthorizationAction = "INTERNAL_SERVER_ERROR"
	AuthorizationBadRequest          AuthorizationAction = "BAD_REQUEST"
	AuthorizationLocation            AuthorizationAction = "LOCATION"
	AuthorizationForm                AuthorizationAction = "FORM"
	AuthorizationNoInteraction       AuthorizationAction = "NO_INTERACTION"
	AuthorizationInteraction         AuthorizationAction = "INTERACTION"
)

// Prompt is a value of the prompt parameter (OpenID Connect Core 1.0, section 3.1.2.1).
type Prompt string

// Prompt values.
const (
	PromptNone          Prompt = "NONE"
	PromptLogin         Prompt = "LOGIN"
	PromptConsent       Prompt = "CONSENT"
	PromptSelectAccount Prompt = "SELECT_ACCOUNT"
	PromptCreate        Prompt = "CREATE"
)

// AuthorizationRequest carries an authorization request as it came.
type AuthorizationRequest struct {
	// Parameters is the raw query (GET) or form body (POST).
	Parameters string `json:"parameters"`
	// Context is stored with the ticket and means nothing to the backend.
	Context string `json:"context,omitempty"`
}

// AuthorizationResponse says what to do with an authorization request and what the pages need to know of it.
type AuthorizationResponse struct {
	Result
	// Action is what to do next.
	Action AuthorizationAction `json:"action"`
	// ResponseContent is the body, location or form for the actions that have one.
	ResponseContent string `json:"responseContent,omitempty"`
	// Ticket stands for the request until issue or fail consumes it. It never goes to a browser in clear.
	Ticket string `json:"ticket,omitempty"`
	// Client is the limited view of the client that asks.
	Client *Client `json:"client,omitempty"`
	// Service is the limited view of the service.
	Service *Service `json:"service,omitempty"`
	// Display is PAGE, POPUP, TOUCH or WAP.
	Display string `json:"display,omitempty"`
	// MaxAge is the greatest acceptable age of the login in seconds; 0 means no limit (max_age=0 arrives as prompt LOGIN).
	MaxAge int64 `json:"maxAge"`
	// Scopes are the requested scopes that the service and the client support.
	Scopes []Scope `json:"scopes,omitempty"`
	// UILocales are the preferred languages of the pages, best first.
	UILocales []string `json:"uiLocales,omitempty"`
	// ClaimsLocales are the preferred languages of claim values, best first.
	ClaimsLocales []string `json:"claimsLocales,omitempty"`
	// Claims are the names of the claims asked for in the ID token.
	Claims []string `json:"claims,omitempty"`
	// ClaimsAtUserInfo are the names of the claims asked for at the userinfo endpoint.
	ClaimsAtUserInfo []string `json:"claimsAtUserInfo,omitempty"`
	// AcrEssential says that one of Acrs must be satisfied.
	AcrEssential bool `json:"acrEssential"`
	// Acrs are the requested authentication context class references.
	Acrs []string `json:"acrs,omitempty"`
	// ClientIDAliasUsed says that the request named the client by its alias.
	ClientIDAliasUsed bool `json:"clientIdAliasUsed"`
	// Subject is the end-user that the request insists on; empty if any will do.
	Subject string `json:"subject,omitempty"`
	// LoginHint is the login_hint parameter.
	LoginHint string `json:"loginHint,omitempty"`
	// Prompts are the values of the prompt parameter.
	Prompts []Prompt `json:"prompts,omitempty"`
	// IDTokenClaims is the id_token member of the claims parameter, JSON.
	IDTokenClaims string `json:"idTokenClaims,omitempty"`
	// UserInfoClaims is the userinfo member of the claims parameter, JSON.
	UserInfoClaims string `json:"userInfoClaims,omitempty"`
	// LowestPrompt is what is left of Prompts in older versions of the API.
	LowestPrompt string `json:"lowestPrompt,omitempty"`
	// RequestObjectPayload is the payload of the request object, JSON; the other members say what it asks for.
	RequestObjectPayload string `json:"requestObjectPayload,omitempty"`
	// ClientEntityIDUsed says that the request named the client by its entity ID (OpenID Federation 1.0).
	ClientEntityIDUsed bool `json:"clientEntityIdUsed,omitempty"`
	// MetadataDocumentUsed says that the client was described by a document at its client ID.
	MetadataDocumentUsed bool `json:"metadataDocumentUsed,omitempty"`
	RichRequest
	// Other are the members that this project does not know. They may make the request richer.
	Other Other `json:"-"`
}

// HasPrompt says whether the request carries the prompt value.
func (r *AuthorizationResponse) HasPrompt(p Prompt) bool {
	return slices.Contains(r.Prompts, p)
}

// AuthorizationIssueAction is what the caller of auth/authorization/issue must do next.
type AuthorizationIssueAction string

// Actions of auth/authorization/issue.
const (
	AuthorizationIssueInternalServerError AuthorizationIssueAction = "INTERNAL_SERVER_ERROR"
	AuthorizationIssueBadRequest          AuthorizationIssueAction = "BAD_REQUEST"
	AuthorizationIssueLocation            AuthorizationIssueAction = "LOCATION"
	AuthorizationIssueForm                AuthorizationIssueAction = "FORM"
)

// AuthorizationIssueRequest grants the request behind a ticket.
type AuthorizationIssueRequest struct {
	// Ticket is the ticket of the authorization response.
	Ticket string `json:"ticket"`
	// Subject is the end-user who consented.
	Subject string `json:"subject"`
	// AuthTime is when the end-user logged in, seconds since the epoch.
	AuthTime int64 `json:"authTime,omitempty"`
	// Acr is the authentication context class that the login satisfied.
	Acr string `json:"acr,omitempty"`
	// Claims is a JSON object with the values of the claims for the ID token.
	Claims string `json:"claims,omitempty"`
	// Scopes replaces the scopes of the request; nil keeps them, an empty list takes them all away.
	Scopes []string `json:"scopes,omitzero"`
	// Sub replaces the sub claim of the ID token only.
	Sub string `json:"sub,omitempty"`
}

// AuthorizationIssueResponse is the end of a granted authorization request.
type AuthorizationIssueResponse struct {
	Result
	// Action is what to do next.
	Action AuthorizationIssueAction `json:"action"`
	// ResponseContent is the body, location or form.
	ResponseContent string `json:"responseContent,omitempty"`
	// AuthorizationCode is the code in ResponseContent, if any.
	AuthorizationCode string `json:"authorizationCode,omitempty"`
	// AccessToken is the access token in ResponseContent, if any.
	AccessToken string `json:"accessToken,omitempty"`
	// AccessTokenExpiresAt is in milliseconds since the epoch.
	AccessTokenExpiresAt int64 `json:"accessTokenExpiresAt"`
	// AccessTokenDuration is in seconds.
	AccessTokenDuration int64 `json:"accessTokenDuration"`
	// IDToken is the ID token in ResponseContent, if any.
	IDToken string `json:"idToken,omitempty"`
}

// AuthorizationFailReason says why an authorization request is refused.
type AuthorizationFailReason string

// Reasons of auth/authorization/fail.
const (
	AuthorizationFailUnknown                  AuthorizationFailReason = "UNKNOWN"
	AuthorizationFailServerError              AuthorizationFailReason = "SERVER_ERROR"
	AuthorizationFailNotLoggedIn              AuthorizationFailReason = "NOT_LOGGED_IN"
	AuthorizationFailMaxAgeNotSupported       AuthorizationFailReason = "MAX_AGE_NOT_SUPPORTED"
	AuthorizationFailExceedsMaxAge            AuthorizationFailReason = "EXCEEDS_MAX_AGE"
	AuthorizationFailDifferentSubject         AuthorizationFailReason = "DIFFERENT_SUBJECT"
	AuthorizationFailAcrNotSatisfied          AuthorizationFailReason = "ACR_NOT_SATISFIED"
	AuthorizationFailDenied                   AuthorizationFailReason = "DENIED"
	AuthorizationFailNotAuthenticated         AuthorizationFailReason = "NOT_AUTHENTICATED"
	AuthorizationFailAccountSelectionRequired AuthorizationFailReason = "ACCOUNT_SELECTION_REQUIRED"
	AuthorizationFailConsentRequired          AuthorizationFailReason = "CONSENT_REQUIRED"
	AuthorizationFailInteractionRequired      AuthorizationFailReason = "INTERACTION_REQUIRED"
	AuthorizationFailInvalidTarget            AuthorizationFailReason = "INVALID_TARGET"
)

// AuthorizationFailAction is what the caller of auth/authorization/fail must do next.
type AuthorizationFailAction string

// Actions of auth/authorization/fail.
const (
	AuthorizationFailActionInternalServerError AuthorizationFailAction = "INTERNAL_SERVER_ERROR"
	AuthorizationFailActionBadRequest          AuthorizationFailAction = "BAD_REQUEST"
	AuthorizationFailActionLocation            AuthorizationFailAction = "LOCATION"
	AuthorizationFailActionForm                AuthorizationFailAction = "FORM"
)

// AuthorizationFailRequest refuses the request behind a ticket.
type AuthorizationFailRequest struct {
	// Ticket is the ticket of the authorization response.
	Ticket string `json:"ticket"`
	// Reason selects the error that the client gets.
	Reason AuthorizationFailReason `json:"reason"`
	// Description is added to error_description.
	Description string `json:"description,omitempty"`
}

// AuthorizationFailResponse is the end of a refused authorization request.
type AuthorizationFailResponse struct {
	Result
	// Action is what to do next.
	Action AuthorizationFailAction `json:"action"`
	// ResponseContent is the body, location or form.
	ResponseContent string `json:"responseContent,omitempty"`
}

// FormPostScript is the one script of the page that the embedded engine returns for the action FORM. A front end
// allows it by its hash (Content Security Policy Level 3).
const FormPostScript = "document.forms[0].submit()"
