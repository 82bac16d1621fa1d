package authorize

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// maxClaims and maxClaimsText bound the claims parameter.
const (
	maxClaims     = 100
	maxClaimsText = 4 << 10
)

// requestedClaims is the claims parameter (OpenID Connect Core 1.0, section 5.5).
type requestedClaims struct {
	IDToken  map[string]json.RawMessage `json:"id_token"`
	UserInfo map[string]json.RawMessage `json:"userinfo"`
}

// claimRequest is the value of one requested claim; null asks for it voluntarily.
type claimRequest struct {
	Essential bool     `json:"essential"`
	Value     string   `json:"value"`
	Values    []string `json:"values"`
}

// parseClaims parses the claims parameter.
func parseClaims(text string) (requestedClaims, *oauth.Error) {
	var claims requestedClaims
	if text == "" {
		return claims, nil
	}
	if len(text) > maxClaimsText {
		return claims, oauth.NewError(oauth.InvalidRequest, "E013305", "The claims parameter is longer than %d bytes.", maxClaimsText)
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		return claims, oauth.NewError(oauth.InvalidRequest, "E013301",
			"The claims parameter is not a JSON object of the form {'id_token':{...},'userinfo':{...}}.")
	}
	if len(claims.IDToken)+len(claims.UserInfo) > maxClaims {
		return claims, oauth.NewError(oauth.InvalidRequest, "E013302", "The claims parameter asks for more than %d claims.", maxClaims)
	}
	for _, member := range []map[string]json.RawMessage{claims.IDToken, claims.UserInfo} {
		for name, request := range member {
			if request[0] != '{' && !bytes.Equal(request, []byte("null")) {
				return claims, malformedClaim(name)
			}
		}
	}
	return claims, nil
}

func malformedClaim(name string) *oauth.Error {
	return oauth.NewError(oauth.InvalidRequest, "E013304", "The request of the claim %s in the claims parameter is malformed.", name)
}

// applyClaims takes from the claims parameter what concerns the login: a subject and an essential acr.
func (r *Request) applyClaims(claims requestedClaims) *oauth.Error {
	for _, member := range []map[string]json.RawMessage{claims.IDToken, claims.UserInfo} {
		sub, refusal := requestOf(member, "sub")
		if refusal != nil {
			return refusal
		}
		if sub.Value == "" {
			continue
		}
		if r.Subject != "" && r.Subject != sub.Value {
			return oauth.NewError(oauth.InvalidRequest, "E013303", "The claims parameter asks for two different subjects.")
		}
		r.Subject = sub.Value
	}
	acr, refusal := requestOf(claims.IDToken, "acr")
	if refusal != nil {
		return refusal
	}
	// Without a value, acr only asks for the claim; with one, it asks for a kind of login (section 5.5.1.1).
	if acr.Value != "" {
		acr.Values = []string{acr.Value}
	}
	if len(acr.Values) > 0 {
		r.acrs, r.acrEssential = acr.Values, acr.Essential
	}
	r.ClaimsAtUserInfo = claimNames(claims.UserInfo)
	r.UserInfoClaims = encodeMember(claims.UserInfo)
	r.idTokenClaims = encodeMember(claims.IDToken)
	r.claims = claimNames(claims.IDToken)
	return nil
}

// addScopeClaims puts the claims that scopes release into the ID token when there is no access token with which
// the client could fetch them (OpenID Connect Core 1.0, section 5.4).
func (r *Request) addScopeClaims(service *authlete.Service) {
	if r.ResponseType != authlete.ResponseIDToken {
		return
	}
	for _, name := range service.ScopeClaims().Of(r.Scopes) {
		if !slices.Contains(r.claims, name) {
			r.claims = append(r.claims, name)
		}
	}
}

// requestOf returns what is asked of one claim.
func requestOf(member map[string]json.RawMessage, name string) (claimRequest, *oauth.Error) {
	var request claimRequest
	raw, ok := member[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return request, nil
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return request, malformedClaim(name)
	}
	return request, nil
}

// claimNames returns the requested names in order, without those that the engine itself sets.
func claimNames(member map[string]json.RawMessage) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(member)) {
		if name != "sub" && name != "acr" && name != "auth_time" {
			names = append(names, name)
		}
	}
	return names
}

// encodeMember returns a member of the claims parameter as JSON, empty if it is absent.
func encodeMember(member map[string]json.RawMessage) string {
	if len(member) == 0 {
		return ""
	}
	doc, err := jsontext.Marshal(member)
	if err != nil {
		return "" // cannot happen: the member was decoded from JSON
	}
	return string(doc)
}
