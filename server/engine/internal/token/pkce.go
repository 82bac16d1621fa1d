package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// checkVerifier proves that who redeems the code is who asked for it (RFC 7636,
// section 4.6). A verifier without a challenge is refused as well: it shows that
// the challenge got lost on the way (RFC 9700, section 4.8.2).
func checkVerifier(r *request, request *issue.CodeRequest) *oauth.Error {
	verifier := r.values.Get("code_verifier")
	switch {
	case request.CodeChallenge == "" && verifier != "":
		return oauth.NewError(oauth.InvalidGrant, codeNotChallenged,
			"The request contains 'code_verifier' but the authorization request had no 'code_challenge'.")
	case request.CodeChallenge == "" && r.client.PKCERequired(r.service):
		// The settings became stricter after the code was issued.
		return oauth.NewError(oauth.InvalidGrant, codeNoChallenge, "The authorization request had no 'code_challenge'.")
	case request.CodeChallenge == "":
		return nil
	case verifier == "":
		return oauth.NewError(oauth.InvalidGrant, codeNoVerifier, "The request does not contain 'code_verifier'.")
	case !oauth.PKCEText(verifier):
		return oauth.NewError(oauth.InvalidGrant, codeVerifierForm, "The 'code_verifier' is malformed.")
	}
	expected, ok := challengeOf(verifier, request.CodeChallengeMethod, !r.client.PKCES256Required(r.service))
	if !ok {
		return oauth.NewError(oauth.InvalidGrant, codePlain, "The code challenge method is not allowed.")
	}
	if subtle.ConstantTimeCompare([]byte(expected), []byte(request.CodeChallenge)) != 1 {
		return oauth.NewError(oauth.InvalidGrant, codeVerifier, "The 'code_verifier' is wrong.")
	}
	return nil
}

// challengeOf derives the challenge from a verifier; false if the method is not allowed.
func challengeOf(verifier, method string, plainAllowed bool) (string, bool) {
	switch method {
	case issue.ChallengeS256:
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]), true
	case issue.ChallengePlain:
		return verifier, plainAllowed
	default:
		return "", false
	}
}
