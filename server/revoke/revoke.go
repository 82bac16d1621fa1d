package revoke

import (
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/basicauth"
	"github.com/authserver-dev/operator/server/form"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
)

const challenge = `Basic realm="revocation"`

// Handler serves the endpoint.
type Handler struct {
	backend                   authlete.RevocationAPI
	withHeader, withoutHeader reply.Table[authlete.RevocationAction]
}

// New returns the handler.
func New(backend authlete.RevocationAPI) *Handler {
	table := func(invalidClient reply.Rule) reply.Table[authlete.RevocationAction] {
		return reply.Table[authlete.RevocationAction]{
			Call: "auth/revocation", Rules: map[authlete.RevocationAction]reply.Rule{
				authlete.RevocationOK:                  {Status: http.StatusOK}, // the body is empty (RFC 7009, section 2.2)
				authlete.RevocationBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.RevocationInvalidClient:       invalidClient,
				authlete.RevocationInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		}
	}
	return &Handler{
		backend:       backend,
		withHeader:    table(reply.Rule{Status: http.StatusUnauthorized, ContentType: reply.JSON, Challenge: challenge}),
		withoutHeader: table(reply.Rule{Status: http.StatusBadRequest, ContentType: reply.JSON}),
	}
}

// ServeHTTP serves a revocation request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := form.Read(w, r)
	if !ok {
		return
	}
	credentials, found := basicauth.Parse(r)
	if found == basicauth.Malformed {
		w.Header().Set("WWW-Authenticate", challenge)
		reply.Error(w, http.StatusUnauthorized, "invalid_client", "The Authorization header is malformed.")
		return
	}
	response, err := h.backend.Revocation(r.Context(), &authlete.RevocationRequest{
		Parameters: body, ClientID: credentials.User, ClientSecret: credentials.Password,
	})
	if err != nil {
		reply.BackendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	requestlog.From(r.Context()).Client = credentials.User
	table := h.withoutHeader
	if found == basicauth.Present {
		table = h.withHeader
	}
	table.Write(w, r, response.Action, response.ResponseContent)
}
