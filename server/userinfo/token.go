package userinfo

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

// Schemes of the Authorization header.
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// presented is an access token as it was presented.
type presented struct{ scheme, token string }

// accessToken returns the access token of the header or of a form body; refusal is not nil if there is none, or more than
// one: a request has one token by one method (RFC 6750, section 2). Tokens in a query end up in logs and are not taken
// (RFC 9700, section 4.3.2), but count.
//
// A token with the scheme DPoP is bound to a key, and comes with a proof. One with the scheme Bearer is presented without,
// whatever other headers say (RFC 9449, section 7.2).
func (h *handler) accessToken(r *http.Request) (token presented, refusal *reply.Answer) {
	var found []presented
	for _, value := range r.Header["Authorization"] {
		scheme, text, _ := strings.Cut(value, " ")
		for _, known := range []string{schemeBearer, schemeDPoP} {
			if strings.EqualFold(scheme, known) {
				found = append(found, presented{scheme: known, token: strings.TrimSpace(text)})
			}
		}
	}
	for _, text := range formTokens(r) {
		found = append(found, presented{scheme: schemeBearer, token: text})
	}
	inQuery := strings.Contains(r.URL.RawQuery, "access_token=")
	switch {
	case len(found) > 1, len(found) == 1 && inQuery:
		return token, refuse(http.StatusBadRequest, "invalid_request", "The request must have one access token, by one method.",
			`Bearer error="invalid_request",error_description="The request must have one access token, by one method."`)
	case len(found) == 0 || found[0].token == "":
		return token, refuse(http.StatusUnauthorized, "invalid_token", "An access token is required.", h.challenges(r))
	default:
		return found[0], nil
	}
}

// formTokens returns the access tokens of the body; none if it is no form (RFC 6750, section 2.2).
func formTokens(r *http.Request) []string {
	if r.Method != http.MethodPost {
		return nil
	}
	form, err := clientcall.Form(r)
	if err != nil {
		return nil
	}
	values, err := url.ParseQuery(form)
	if err != nil {
		return nil
	}
	return values["access_token"]
}

func refuse(status int, code, description, challenge string) *reply.Answer {
	answer := reply.Error(status, code, description)
	answer.Challenge = challenge
	return &answer
}

// proof reads the proof that belongs to a token with the scheme DPoP.
func (h *handler) proof(r *http.Request, token presented) (authlete.DPoPProof, *reply.Answer) {
	if token.scheme != schemeDPoP {
		return authlete.DPoPProof{}, nil
	}
	proof, refusal := h.Binding.DPoP(r)
	if refusal == nil && proof.DPoP != "" {
		return proof, nil
	}
	const description = "A token with the scheme DPoP needs one proof in the header DPoP."
	return proof, refuse(http.StatusUnauthorized, "invalid_dpop_proof", description,
		`DPoP error="invalid_dpop_proof",error_description="`+description+`"`)
}

// challenges are those of a request without a token: of the scheme DPoP where the backend says that it takes proofs.
func (h *handler) challenges(r *http.Request) string {
	const challenge = `Bearer realm="userinfo"`
	document, err := h.Backend.ServiceConfiguration(r.Context())
	if err != nil {
		return challenge
	}
	var metadata struct {
		Algorithms []string `json:"dpop_signing_alg_values_supported"`
	}
	if json.Unmarshal(document, &metadata) != nil || len(metadata.Algorithms) == 0 {
		return challenge
	}
	return challenge + `, DPoP realm="userinfo", algs=` + strconv.Quote(strings.Join(metadata.Algorithms, " "))
}
