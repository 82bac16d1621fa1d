package httpapi

import (
	"context"
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
)

// absent are the calls of features that the engine does not have and whose answers have an action that says so. Front ends
// turn the action into what their clients understand, and a 404 into a failure of their own.
func absent() []route {
	routes := []route{
		absentCall("federation/registration", "NOT_FOUND"),
		absentCall("vci/metadata", "NOT_FOUND"),
		absentCall("vci/jwtissuer", "NOT_FOUND"),
		absentCall("vci/jwks", "NOT_FOUND"),
		absentCall("vci/nonce", "NOT_FOUND"),
		absentCall("vci/offer/info", "NOT_FOUND"),
		absentCall("attestation/challenge", "NOT_FOUND"),
		absentCall("gm", "NOT_FOUND"),
		absentCall("device/verification", "NOT_EXIST"),
		absentCall("device/complete", "USER_CODE_NOT_EXIST"),
	}
	for _, call := range []string{
		"pushed_auth_req", "device/authorization", "backchannel/authentication", "client/registration", "client/registration/get",
		"client/registration/update", "client/registration/delete",
	} {
		routes = append(routes, absentCall(call, "BAD_REQUEST"))
	}
	return routes
}

// absentAnswer is the answer of such a call.
type absentAnswer struct {
	authlete.Result
	Action          string `json:"action"`
	ResponseContent string `json:"responseContent,omitempty"`
}

// absentCall answers a call always with the same action.
func absentCall(call, action string) route {
	answer := &absentAnswer{
		Result: authlete.Result{ResultCode: "E001218", ResultMessage: "[E001218] the feature is not supported"}, Action: action,
	}
	if action == "BAD_REQUEST" {
		answer.ResponseContent = `{"error":"invalid_request","error_description":"[E001218] The feature is not supported."}`
	}
	return route{method: http.MethodPost, call: call, serve: func(context.Context, *http.Request) (any, error) { return answer, nil }}
}
