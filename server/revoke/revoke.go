package revoke

import (
	"context"
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

// handler serves the endpoint.
type handler struct {
	backend authlete.RevocationAPI
	calls   clientcall.Reader
	table   reply.Table[authlete.RevocationAction]
}

// New returns the endpoint. The binding is what proofs of possession are bound to.
func New(backend authlete.RevocationAPI, binding clientcall.Binding) reply.Endpoint {
	h := &handler{backend: backend, calls: clientcall.NewReader("revocation", binding), table: reply.Table[authlete.RevocationAction]{
		Call: "auth/revocation", Rules: map[authlete.RevocationAction]reply.Rule{
			authlete.RevocationOK:                  {Status: http.StatusOK}, // the body is empty (RFC 7009, section 2.2)
			authlete.RevocationBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
			authlete.RevocationInvalidClient:       {Status: http.StatusUnauthorized, ContentType: reply.JSON},
			authlete.RevocationInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
		},
	}}
	return h.answer
}

// answer answers a revocation request.
func (h *handler) answer(r *http.Request) reply.Answer {
	call, refusal := h.calls.Read(r)
	if refusal != nil {
		return *refusal
	}
	response, err := clientcall.Ask(r.Context(), &call, func(ctx context.Context, credentials clientcall.Credentials) (*authlete.RevocationResponse, error) {
		return h.backend.Revocation(ctx, &authlete.RevocationRequest{
			Parameters: call.Parameters, ClientID: credentials.User, ClientSecret: credentials.Password,
			CertificateProof: call.Proofs.CertificateProof, AttestationProof: call.Proofs.AttestationProof,
		})
	}, func(response *authlete.RevocationResponse) bool {
		return response.Action == authlete.RevocationInvalidClient
	})
	if err != nil {
		return call.Complete(reply.FailedBackend(err))
	}
	return call.Complete(h.table.Answer(response.Action, response.ResultCode, response.ResponseContent))
}
