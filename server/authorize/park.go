package authorize

import (
	"net/http"
	"strings"
	"time"

	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/session"
)

const (
	// parkedQuery begins the query of a request that was parked.
	parkedQuery = "parked="
	// maxParked bounds what is parked: sealed, it must fit into the request line that common proxies accept, 8 KiB.
	maxParked = 5 << 10
)

// parked is a posted request that waits for the browser to come back with its cookies.
type parked struct {
	Parameters string `json:"parameters"`
	// At is in seconds since the epoch.
	At int64 `json:"at"`
}

// park answers a request that another site posted with a redirect to ourselves, because a browser sends cookies that are
// SameSite=Lax only with what it gets: without them, people who are logged in would be asked to log in. The parameters
// travel sealed, since whoever posts them may want them kept out of histories and logs. A request that is too large for
// that is served as it is, without a session: the answer is nil.
func (h *Handler) park(r *http.Request, parameters string) *reply.Answer {
	if h.Cookies.HasCookies(r) || len(parameters) > maxParked {
		return nil
	}
	sealed, err := h.Sealer.Seal(session.PurposeRequest, parked{Parameters: parameters, At: h.Clock().Unix()})
	if err != nil {
		answer := reply.Failed("Sealing a request failed", "error", err.Error())
		return &answer
	}
	answer := reply.Redirect(r.URL.Path + "?" + parkedQuery + sealed)
	answer.Log.Action = "PARKED"
	return &answer
}

// unpark returns the parameters of a GET request, its query or what was parked, or what is to be answered instead.
func (h *Handler) unpark(r *http.Request) (parameters string, instead *reply.Answer) {
	sealed, ours := strings.CutPrefix(r.URL.RawQuery, parkedQuery)
	if !ours || strings.Contains(sealed, "&") {
		return r.URL.RawQuery, nil
	}
	var request parked
	err := h.Sealer.Open(session.PurposeRequest, sealed, &request)
	if err != nil || h.Clock().Sub(time.Unix(request.At, 0)) > h.Lifetime {
		answer := h.expired()
		return "", &answer
	}
	return request.Parameters, nil
}
