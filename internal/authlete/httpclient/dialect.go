package httpclient

import (
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
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

// check refuses a call for which there are no credentials before it is made.
func check(in call, as *credentials.Credentials) error {
	if as.Version == credentials.V2 && ofOwner(in) && as.OwnerKey == "" {
		missing := &credentials.Error{
			Key: credentials.KeyOwnerKey, Missing: true, Detail: "with the API 2.x only the service owner may read and change the settings of a service",
		}
		return &authlete.Error{Call: in.name, Err: missing}
	}
	return nil
}
