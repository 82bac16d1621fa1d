package authorize

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
)

// Response modes (OAuth 2.0 Multiple Response Type Encoding Practices 1.0, OAuth 2.0 Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// Request is a validated authorization request. Sealed, it is the ticket that waits for the front end's decision.
type Request struct {
	ClientID        int64                 `json:"clientId"`
	AliasUsed       bool                  `json:"aliasUsed,omitempty"`
	ResponseType    authlete.ResponseType `json:"responseType"`
	ResponseMode    string                `json:"responseMode"`
	RedirectURI     string                `json:"redirectUri"`
	RedirectURISent bool                  `json:"redirectUriSent,omitempty"`
	Scopes          []string              `json:"scopes,omitempty"`
	State           string                `json:"state,omitempty"`
	Nonce           string                `json:"nonce,omitempty"`
	Challenge       string                `json:"challenge,omitempty"`
	ChallengeMethod string                `json:"challengeMethod,omitempty"`
	Subject         string                `json:"subject,omitempty"`
	// UserInfoClaims is the userinfo member of the claims parameter, JSON; ClaimsAtUserInfo are its names.
	UserInfoClaims   string   `json:"userInfoClaims,omitempty"`
	ClaimsAtUserInfo []string `json:"-"`

	// What only the response to the front end needs.
	prompts       []authlete.Prompt
	maxAge        int64
	display       string
	loginHint     string
	uiLocales     []string
	claimsLocales []string
	acrs          []string
	acrEssential  bool
	idTokenClaims string
	claims        []string
	idTokenHint   string
}

// openID says whether the request is an OpenID Connect request.
func (r *Request) openID() bool {
	return slices.Contains(r.Scopes, issue.ScopeOpenID)
}

// wantsCode, wantsToken and wantsIDToken say what the response carries.
func (r *Request) wantsCode() bool {
	switch r.ResponseType {
	case authlete.ResponseCode, authlete.ResponseCodeToken, authlete.ResponseCodeIDToken, authlete.ResponseCodeIDTokenToken:
		return true
	default:
		return false
	}
}

func (r *Request) wantsToken() bool {
	switch r.ResponseType {
	case authlete.ResponseToken, authlete.ResponseIDTokenToken, authlete.ResponseCodeToken, authlete.ResponseCodeIDTokenToken:
		return true
	default:
		return false
	}
}

func (r *Request) wantsIDToken() bool {
	switch r.ResponseType {
	case authlete.ResponseIDToken, authlete.ResponseIDTokenToken, authlete.ResponseCodeIDToken, authlete.ResponseCodeIDTokenToken:
		return true
	default:
		return false
	}
}

// frontChannelTokens says whether tokens pass through the browser.
func (r *Request) frontChannelTokens() bool { return r.wantsToken() || r.wantsIDToken() }

// encode returns the document of the ticket.
func (r *Request) encode() ([]byte, error) { return jsontext.Marshal(r) }

// decode reads the document of a ticket.
func decode(doc []byte) (*Request, error) {
	request := &Request{}
	if err := json.Unmarshal(doc, request); err != nil {
		return nil, fmt.Errorf("decoding an authorization request: %w", err)
	}
	if request.UserInfoClaims == "" {
		return request, nil
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal([]byte(request.UserInfoClaims), &claims); err != nil {
		return nil, fmt.Errorf("decoding the claims of an authorization request: %w", err)
	}
	request.ClaimsAtUserInfo = claimNames(claims)
	return request, nil
}
