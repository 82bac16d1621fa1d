package authlete

import "encoding/json"

// RichRequest are the members of an authorization response by which a request asks for more than scopes and claims. A
// front end shows each of them to the end-user, or refuses the request.
type RichRequest struct {
	// DynamicScopes are the requested scopes that carry a value, e.g. payment:35821.
	DynamicScopes []DynamicScope `json:"dynamicScopes,omitempty"`
	// AuthorizationDetails are what the client asks for in detail (RFC 9396).
	AuthorizationDetails *AuthorizationDetails `json:"authorizationDetails,omitempty"`
	// Resources are the APIs that the access token is for (RFC 8707).
	Resources []string `json:"resources,omitempty"`
	// Purpose says why the client asks (OpenID Connect for Identity Assurance 1.0). It must be shown.
	Purpose string `json:"purpose,omitempty"`
	// GMAction says what happens to what the end-user granted before (Grant Management for OAuth 2.0).
	GMAction GrantManagementAction `json:"gmAction,omitempty"`
	// GrantID is the grant that GMAction is about.
	GrantID string `json:"grantId,omitempty"`
	// GrantSubject is the end-user who gave that grant.
	GrantSubject string `json:"grantSubject,omitempty"`
	// Grant is what that grant holds.
	Grant *Grant `json:"grant,omitempty"`
	// TransformedClaims is the transformed_claims member of the claims parameter, JSON.
	TransformedClaims string `json:"transformedClaims,omitempty"`
	// RequestedClaimsForTx are the names of claims that transformed claims are computed from.
	RequestedClaimsForTx []string `json:"requestedClaimsForTx,omitempty"`
	// RequestedVerifiedClaimsForTx are the names of verified claims that transformed claims are computed from.
	RequestedVerifiedClaimsForTx [][]string `json:"requestedVerifiedClaimsForTx,omitempty"`
	// CredentialOfferInfo is about the credential offer that the request refers to (OpenID for Verifiable Credential Issuance).
	CredentialOfferInfo json.RawMessage `json:"credentialOfferInfo,omitempty"`
	// IssuableCredentials are the credentials that the access token can be used to obtain, JSON.
	IssuableCredentials string `json:"issuableCredentials,omitempty"`
	// NativeSSORequested says that other applications of the device will be logged in, too (OpenID Connect Native SSO 1.0).
	NativeSSORequested bool `json:"nativeSsoRequested,omitempty"`
}

// DynamicScope is a scope that carries a value.
type DynamicScope struct {
	// Name is the name of the scope.
	Name string `json:"name,omitempty"`
	// Value is the whole scope as the request has it.
	Value string `json:"value,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// AuthorizationDetails are the elements of the authorization_details parameter (RFC 9396).
type AuthorizationDetails struct {
	// Elements are the elements in the order of the request.
	Elements []AuthorizationDetailsElement `json:"elements,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// AuthorizationDetailsElement is an element of the authorization_details parameter (RFC 9396, section 2).
type AuthorizationDetailsElement struct {
	// Type says what kind of access is asked for.
	Type string `json:"type,omitempty"`
	// Locations are where the access is used.
	Locations []string `json:"locations,omitempty"`
	// Actions are what the client will do.
	Actions []string `json:"actions,omitempty"`
	// DataTypes are the kinds of data that the client will use.
	DataTypes []string `json:"dataTypes,omitempty"`
	// Identifier names a resource.
	Identifier string `json:"identifier,omitempty"`
	// Privileges are the kinds or levels of privilege.
	Privileges []string `json:"privileges,omitempty"`
	// OtherFields is a JSON object with the members that the type defines.
	OtherFields string `json:"otherFields,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// GrantManagementAction is a value of the grant_management_action parameter (Grant Management for OAuth 2.0).
type GrantManagementAction string

// Grant management actions.
const (
	GrantManagementCreate  GrantManagementAction = "CREATE"
	GrantManagementQuery   GrantManagementAction = "QUERY"
	GrantManagementReplace GrantManagementAction = "REPLACE"
	GrantManagementRevoke  GrantManagementAction = "REVOKE"
	GrantManagementMerge   GrantManagementAction = "MERGE"
)

// Grant is what an end-user granted before (Grant Management for OAuth 2.0, section 6.4).
type Grant struct {
	// Scopes are the granted scopes.
	Scopes []GrantScope `json:"scopes,omitempty"`
	// Claims are the names of the granted claims.
	Claims []string `json:"claims,omitempty"`
	// AuthorizationDetails are the granted details.
	AuthorizationDetails *AuthorizationDetails `json:"authorizationDetails,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}

// GrantScope are scopes that were granted for resources.
type GrantScope struct {
	// Scope is a list of scopes, separated by spaces.
	Scope string `json:"scope,omitempty"`
	// Resource are the APIs that the scopes were granted for.
	Resource []string `json:"resource,omitempty"`
	// Other are the members that this project does not know.
	Other Other `json:"-"`
}
