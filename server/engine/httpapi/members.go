package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// unsupportedMembers are the members of requests, by call, that the engine cannot do what they ask for. A caller that sets one
// is refused by name: leaving it out silently would tell the caller that it was done.
func unsupportedMembers() map[string][]string {
	const (
		tokens = "accessToken accessTokenDuration jwtAtClaims properties"
		claims = " claimsForTx verifiedClaimsForTx"
	)
	members := map[string]string{
		"auth/authorization":       "cimdOptions",
		"auth/authorization/issue": tokens + claims + " authorizationDetails consentedClaims idTokenAudType idtHeaderParams sessionId",
		"auth/token":               tokens + " refreshTokenDuration cimdOptions dpopNonceRequired",
		"auth/token/issue":         tokens + " refreshTokenDuration",
		"auth/introspection":       "acrValues dpop dpopNonceRequired maxAge message requiredComponents resources",
		"auth/introspection/standard": "introspectionEncryptionAlg introspectionEncryptionEnc introspectionSignAlg publicKeyForEncryption " +
			"sharedKeyForEncryption sharedKeyForSign",
		"auth/userinfo":       "dpopNonceRequired message",
		"auth/userinfo/issue": claims + " requestSignature",
		"auth/token/revoke":   "accessTokenIdentifier refreshTokenIdentifier",
	}
	byCall := make(map[string][]string, len(members))
	for call, names := range members {
		byCall[call] = strings.Fields(names)
	}
	return byCall
}

// checkMembers refuses a request that sets one of the members. The body can be read again afterwards.
func checkMembers(r *http.Request, unsupported []string) error {
	if len(unsupported) == 0 {
		return nil
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	refused := slices.DeleteFunc(slices.Clone(unsupported), func(name string) bool { return !setIn(body, name) })
	if len(refused) == 0 {
		return nil
	}
	return refusal(http.StatusBadRequest, "E001217", "%s: not supported; leave out what the engine cannot do", strings.Join(refused, ", "))
}

// setIn says whether a body, JSON or a form, says anything by a member. Libraries send empty ones, too.
func setIn(body []byte, name string) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		values, err := url.ParseQuery(string(body))
		return err == nil && !emptyJSON(values.Get(name))
	}
	return !emptyJSON(string(object[name]))
}

func emptyJSON(text string) bool {
	return slices.Contains([]string{"", "null", "false", "0", `""`, "[]", "{}"}, strings.Join(strings.Fields(text), ""))
}
