package clientauth

import (
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
)

// Result codes of client authentication.
const (
	codeNoClient        = "E157301"
	codePublicSecret    = "E157302"
	codeWrong           = "E157303"
	codeTwoMethods      = "E157304"
	codeTwoClients      = "E157305"
	codeLocked          = "E157306"
	codeAssertionType   = "E157310"
	codeAssertionForm   = "E157311"
	codeAssertionClaims = "E157312"
	codeAssertionTime   = "E157313"
	codeAssertionReplay = "E157314"
	codeWrongMethod     = "E157357"
)

// assertionType is the only client_assertion_type (RFC 7523, section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Credentials are everything in a request that can authenticate a client.
type Credentials struct {
	// Parameters is the form body.
	Parameters params.Values
	// BasicID and BasicSecret come from the Authorization header; an empty BasicID means that there was none.
	BasicID     string
	BasicSecret string
}

// proof is the one way in which a request authenticates its client.
type proof struct {
	method     authlete.ClientAuthMethod
	identifier string
	secret     string
	assertion  *assertion
}

// readProof finds the credentials of a request. Using more than one method is
// an invalid request (RFC 6749, section 2.3).
func readProof(in *Credentials) (proof, *oauth.Error) {
	found := in.methods()
	if len(found) > 1 {
		return proof{}, oauth.NewError(oauth.InvalidRequest, codeTwoMethods,
			"The request uses more than one client authentication method.")
	}
	bodyID := in.Parameters.Get("client_id")
	out := proof{method: authlete.AuthNone, identifier: bodyID}
	if len(found) == 1 {
		out.method = found[0]
	}
	switch out.method {
	case authlete.AuthClientSecretBasic:
		out.identifier, out.secret = in.BasicID, in.BasicSecret
		if out.secret == "" {
			out.method = authlete.AuthNone
		}
	case authlete.AuthClientSecretPost:
		out.secret = in.Parameters.Get("client_secret")
	case authlete.AuthPrivateKeyJWT:
		parsed, err := readAssertion(&in.Parameters)
		if err != nil {
			return proof{}, err
		}
		out.assertion, out.identifier = parsed, parsed.claims.Subject
	case authlete.AuthNone: // the identifier in the body is all there is
	}
	if out.identifier == "" {
		return proof{}, oauth.NewError(oauth.InvalidClient, codeNoClient, "The request does not identify a client.")
	}
	if bodyID != "" && bodyID != out.identifier {
		return proof{}, oauth.NewError(oauth.InvalidRequest, codeTwoClients, "The request identifies two clients.")
	}
	return out, nil
}

// methods lists the authentication methods that the request uses.
func (in *Credentials) methods() []authlete.ClientAuthMethod {
	var found []authlete.ClientAuthMethod
	if in.BasicID != "" {
		found = append(found, authlete.AuthClientSecretBasic)
	}
	if in.Parameters.Has("client_secret") {
		found = append(found, authlete.AuthClientSecretPost)
	}
	if in.Parameters.Has("client_assertion") || in.Parameters.Has("client_assertion_type") {
		found = append(found, authlete.AuthPrivateKeyJWT)
	}
	return found
}
