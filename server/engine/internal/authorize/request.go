package authorize

import (
	"encoding/json"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
)

// Response modes (OAuth 2.0 Multiple Response Type Encoding Practices 1.0, OAuth 2.0 Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// Request is a validated authorization request. It lies behind the ticket until the front end decides.
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
	// ClaimsAtUserInfo and UserInfoClaims come from the userinfo member of the claims parameter.
	ClaimsAtUserInfo []string `json:"claimsAtUserInfo,omitempty"`
	UserInfoClaims   string   `json:"userInfoClaims,omitempty"`

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

func (r *Request) encode() ([]byte, error) { return json.Marshal(r) }

func decode(doc []byte) (*Request, error) {
	request := &Request{}
	return request, json.Unmarshal(doc, request)
}
