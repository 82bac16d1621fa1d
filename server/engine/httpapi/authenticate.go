package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// version2 says whether the path is one of the 2.x dialect: it has no service number in front.
func version2(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	return first == "" || strings.Trim(first, "0123456789") != ""
}

// errUnauthorized is for calls without credentials that are accepted.
var errUnauthorized = errors.New("no good credentials")

// authenticate says why a call is refused: the caller must present credentials that are accepted, in the way of the
// path's dialect, and those of the service that the path names.
func (h *Handler) authenticate(r *http.Request) error {
	call := strings.TrimPrefix(r.URL.Path, "/api/")
	switch call {
	case callInfo, callEcho, callHealthcheck:
		return nil
	}
	var known, found bool
	for _, accepted := range h.credentials() {
		if (call == callCreate || call == callList) && bearer(r, accepted) { // the same path in both dialects
			known, found = true, true
		}
		service, good := serviceOf(call, accepted), basic(r, accepted)
		if !version2(r.URL.Path) {
			service, _, _ = strings.Cut(call, "/")
			good = bearer(r, accepted)
		}
		known = known || good
		found = found || (good && service == accepted.ServiceID)
	}
	switch {
	case found:
		return nil
	case known:
		return errOutside
	default:
		return errUnauthorized
	}
}

// serviceOf is the service that a path of the 2.x dialect is about: the caller's, where it names none.
func serviceOf(call string, accepted *credentials.Credentials) string {
	if settings(call) {
		return call[strings.LastIndex(call, "/")+1:]
	}
	return accepted.ServiceID
}

// settings says whether a call of the 2.x dialect is about the settings of one service.
func settings(call string) bool {
	return call != callList && slices.ContainsFunc([]string{"service/get/", "service/update/", "service/delete/"}, func(prefix string) bool {
		return strings.HasPrefix(call, prefix)
	})
}

// basic checks the credentials of the API 2.x: those of the owner for the settings of services, else the service's.
func basic(r *http.Request, accepted *credentials.Credentials) bool {
	user, password, _ := r.BasicAuth()
	key, secret := accepted.ServiceID, accepted.APISecret
	if call := strings.TrimPrefix(r.URL.Path, "/api/"); call == callCreate || call == callList || settings(call) {
		key, secret = accepted.OwnerKey, accepted.OwnerSecret
	}
	right := same(user, key)
	return same(password, secret) && right && accepted.Version == credentials.V2
}

// bearer checks the service access token of the API 3.0.
func bearer(r *http.Request, accepted *credentials.Credentials) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return same(token, accepted.AccessToken) && strings.EqualFold(scheme, "Bearer") && accepted.Version == credentials.V3
}

// same compares digests, so that neither content nor length shows in the time it takes. An empty value opens nothing.
func same(presented, want string) bool {
	a, b := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}
