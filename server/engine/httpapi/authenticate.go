package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// version2 says whether the path is one of the 2.x dialect: it has no service number in front.
func version2(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	return first == "auth" || first == "client" || first == "service"
}

// authenticated says whether the caller presents credentials that are accepted, in the way of the path's dialect.
func (h *Handler) authenticated(r *http.Request) bool {
	var found bool
	for _, accepted := range h.credentials() {
		if version2(r.URL.Path) {
			found = accepted.Version == credentials.V2 && basic(r, accepted) || found
		} else {
			found = accepted.Version == credentials.V3 && bearer(r, accepted) || found
		}
	}
	return found
}

// basic checks the credentials of the API 2.x: those of the owner for the settings of the service, else the service's.
func basic(r *http.Request, accepted *credentials.Credentials) bool {
	user, password, _ := r.BasicAuth()
	key, secret := accepted.ServiceID, accepted.APISecret
	if settings(r.URL.Path) {
		key, secret = accepted.OwnerKey, accepted.OwnerSecret
	}
	return same(user, key) && same(password, secret)
}

// settings says whether a path of the 2.x dialect is about the settings of the service.
func settings(path string) bool {
	return strings.HasPrefix(path, "/api/service/get/") || strings.HasPrefix(path, "/api/service/update/")
}

// bearer checks the service access token of the API 3.0, which is for one service.
func bearer(r *http.Request, accepted *credentials.Credentials) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	service, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	return strings.EqualFold(scheme, "Bearer") && same(token, accepted.AccessToken) && service == accepted.ServiceID
}

// same compares digests, so that neither content nor length shows in the time it takes. An empty value opens nothing.
func same(presented, want string) bool {
	a, b := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}
