package httpclient

import (
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// address is the URL of a call. Service management names the service in both dialects, at different ends.
func address(as *credentials.Credentials, in call) string {
	if as.Version == credentials.V3 {
		return as.BaseURL + "/api/" + as.ServiceID + "/" + in.path
	}
	if ofOwner(in) {
		return as.BaseURL + "/api/" + in.path + "/" + as.ServiceID
	}
	return as.BaseURL + "/api/" + in.path
}

// ofOwner says whether the API 2.x wants the credentials of the service owner for a call.
func ofOwner(in call) bool { return in.name == "service/get" || in.name == "service/update" }

// authenticate puts the credentials on a request. Other front ends send keys and secrets as they are, not form-encoded.
func authenticate(request *http.Request, as *credentials.Credentials, in call) {
	switch {
	case as.Version == credentials.V3:
		request.Header.Set("Authorization", "Bearer "+as.AccessToken)
	case ofOwner(in):
		request.SetBasicAuth(as.OwnerKey, as.OwnerSecret)
	default:
		request.SetBasicAuth(as.ServiceID, as.APISecret)
	}
}
