package userinfo

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

// accessToken returns the access token of the header or of a form body; refusal is not nil if there is none, or more than
// one: a request has one token by one method (RFC 6750, section 2). Tokens in a query end up in logs and are not taken
// (RFC 9700, section 4.3.2), but count.
func accessToken(r *http.Request) (token string, refusal *reply.Answer) {
	var found []string
	for _, value := range r.Header["Authorization"] {
		if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
			found = append(found, strings.TrimSpace(token))
		}
	}
	found = append(found, formTokens(r)...)
	inQuery := strings.Contains(r.URL.RawQuery, "access_token=")
	switch {
	case len(found) > 1, len(found) == 1 && inQuery:
		return "", refuse(http.StatusBadRequest, "invalid_request", "The request must have one access token, by one method.",
			`Bearer error="invalid_request",error_description="The request must have one access token, by one method."`)
	case len(found) == 0 || found[0] == "":
		return "", refuse(http.StatusUnauthorized, "invalid_token", "An access token is required.", `Bearer realm="userinfo"`)
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
