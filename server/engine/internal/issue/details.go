package issue

import (
	"encoding/json"
	"fmt"
)

// GrantDetails is the Details document of a store.Grant: what the end-user's
// login and consent mean for tokens that are issued long after the request.
type GrantDetails struct {
	// AuthTime is when the end-user logged in, seconds since the epoch; 0 if the front end did not say.
	AuthTime int64 `json:"authTime,omitempty"`
	// Acr is the authentication context class that the login satisfied.
	Acr string `json:"acr,omitempty"`
	// Sub replaces the subject in the sub claim of ID tokens and userinfo responses.
	Sub string `json:"sub,omitempty"`
	// AliasUsed says that the client named itself by its alias; the aud claim repeats what the client used.
	AliasUsed bool `json:"aliasUsed,omitempty"`
	// IDTokenClaims is the JSON object with the claim values that the front end supplied for the ID token.
	IDTokenClaims json.RawMessage `json:"idTokenClaims,omitempty"`
	// ClaimsAtUserInfo are the claim names in the userinfo member of the claims parameter. The claims that
	// scopes release are not among them: see UserInfoClaimNames.
	ClaimsAtUserInfo []string `json:"claimsAtUserInfo,omitempty"`
	// UserInfoClaims is the userinfo member of the claims parameter, JSON.
	UserInfoClaims string `json:"userInfoClaims,omitempty"`
}

// CodeRequest is the Request document of a store.Code: what the token request
// must match, and what only the first ID token carries.
type CodeRequest struct {
	// RedirectURI is where the code was sent.
	RedirectURI string `json:"redirectURI"`
	// RedirectURISent says that the authorization request named it, which makes the token request name it too
	// (RFC 6749, section 4.1.3).
	RedirectURISent bool `json:"redirectURISent,omitempty"`
	// CodeChallenge and CodeChallengeMethod are those of RFC 7636; the method is S256 or plain, never empty
	// beside a challenge.
	CodeChallenge       string `json:"codeChallenge,omitempty"`
	CodeChallengeMethod string `json:"codeChallengeMethod,omitempty"`
	// Nonce goes into the ID token.
	Nonce string `json:"nonce,omitempty"`
}

// Code challenge methods (RFC 7636, section 4.2).
const (
	ChallengeS256  = "S256"
	ChallengePlain = "plain"
)

// Encode returns the document for store.Grant.
func (d *GrantDetails) Encode() ([]byte, error) {
	doc, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding grant details: %w", err)
	}
	return doc, nil
}

// DecodeGrantDetails reads the document of a store.Grant; an empty one has no details.
func DecodeGrantDetails(doc []byte) (GrantDetails, error) {
	var details GrantDetails
	if len(doc) == 0 {
		return details, nil
	}
	if err := json.Unmarshal(doc, &details); err != nil {
		return details, fmt.Errorf("decoding grant details: %w", err)
	}
	return details, nil
}

// Encode returns the document for store.Code.
func (r *CodeRequest) Encode() ([]byte, error) {
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding code request: %w", err)
	}
	return doc, nil
}

// DecodeCodeRequest reads the document of a store.Code.
func DecodeCodeRequest(doc []byte) (CodeRequest, error) {
	var request CodeRequest
	if err := json.Unmarshal(doc, &request); err != nil {
		return request, fmt.Errorf("decoding code request: %w", err)
	}
	return request, nil
}
