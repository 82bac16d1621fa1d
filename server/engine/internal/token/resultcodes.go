package token

import (
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// Result codes. The third digit from the right says who is at fault: 0 nobody, 2 the caller of the API, 3 the client.
const (
	codeCodeDone         = "E050001"
	codeParameters       = "E050301"
	codeGrantType        = "E050302"
	codeGrantUnknown     = "E050303"
	codeGrantRefused     = "E050304"
	codeProof            = "E050318"
	codeNoSuchCode       = "E050305"
	codeNoCode           = "E050306"
	codeCodeExpired      = "E050307"
	codeCodeReplayed     = "E050308"
	codeRedirectURI      = "E050309"
	codeNoVerifier       = "E050312"
	codeVerifierForm     = "E050313"
	codeNoChallenge      = "E050314"
	codeVerifier         = "E050315"
	codePlain            = "E050316"
	codeNotChallenged    = "E050317"
	codePasswordTicket   = "E051001"
	codeNoPassword       = "E051301"
	codeClientDone       = "E052001"
	codePublicClient     = "E052301"
	codeScope            = "E052302"
	codeRefreshDone      = "E053001"
	codeNoRefresh        = "E053301"
	codeNoSuchRefresh    = "E053305"
	codeRefreshReplayed  = "E053306"
	codeRefreshExpired   = "E053307"
	codeUnknownSubject   = "E053309"
	codeRefreshScope     = "E053308"
	codeIssueDone        = "E054001"
	codeIssueTicket      = "E054201"
	codeIssueSubject     = "E054202"
	codeIssueClient      = "E054203"
	codeFailTicket       = "E067201"
	codeFailReason       = "E067202"
	codeFailPassword     = "E067301"
	codeFailTarget       = "E067302"
	codeFailUnknown      = "E067303"
	codeFailClient       = "E067304"
	codeFailUnauthorized = "E067305"
	codeFailScope        = "E067306"
)

// refused turns a refusal into the response of auth/token.
func refused(refusal *oauth.Error) *authlete.TokenResponse {
	action := authlete.TokenBadRequest
	if refusal.Code == oauth.InvalidClient {
		action = authlete.TokenInvalidClient
	}
	return &authlete.TokenResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}
