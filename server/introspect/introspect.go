package introspect

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/reply"
)

// Users finds people who may use the server.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Backend describes tokens and authenticates clients.
type Backend interface {
	authlete.IntrospectionAPI
	authlete.RevocationAPI
}

// Options configure the endpoint. All are required.
type Options struct {
	Backend Backend
	// Callers are the resource servers.
	Callers *Callers
	Users   Users
	// Binding is what proofs of clients are bound to.
	Binding clientcall.Binding
}

// handler serves the endpoint.
type handler struct {
	Options

	calls    clientcall.Reader
	table    reply.Table[authlete.StandardIntrospectionAction]
	refusals reply.Table[authlete.RevocationAction]
}

// New returns the endpoint.
func New(opts Options) reply.Endpoint {
	h := &handler{
		Options: opts, calls: clientcall.NewReader("introspection", opts.Binding),
		table: reply.Table[authlete.StandardIntrospectionAction]{
			Call: "auth/introspection/standard", Rules: map[authlete.StandardIntrospectionAction]reply.Rule{
				authlete.StandardIntrospectionOK:                  {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.StandardIntrospectionJWT:                 {Status: http.StatusOK, ContentType: "application/token-introspection+jwt"},
				authlete.StandardIntrospectionBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.StandardIntrospectionInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
		refusals: reply.Table[authlete.RevocationAction]{
			Call: "auth/revocation", Rules: map[authlete.RevocationAction]reply.Rule{
				authlete.RevocationBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.RevocationInvalidClient:       {Status: http.StatusUnauthorized, ContentType: reply.JSON},
				authlete.RevocationInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
	}
	return h.answer
}

// answer answers an introspection request, of a resource server or of a client that asks about its own tokens.
func (h *handler) answer(r *http.Request) reply.Answer {
	call, refusal := h.calls.Read(r)
	if refusal != nil {
		return *refusal
	}
	if call.Authentic(h.Callers.authentic) {
		return h.describe(r.Context(), &call, "")
	}
	client, ok := call.Client()
	if !ok {
		return call.Unauthorized("The caller is not known or its secret is wrong.")
	}
	if refusal := h.authenticate(r.Context(), &call); refusal != nil {
		return *refusal
	}
	return h.describe(r.Context(), &call, client)
}

// describe answers with what the backend says of the token, if the caller may know it: a resource server, or the client.
func (h *handler) describe(ctx context.Context, call *clientcall.Call, client string) reply.Answer {
	response, err := h.Backend.StandardIntrospection(ctx, &authlete.StandardIntrospectionRequest{Parameters: call.Parameters})
	if err != nil {
		return call.Complete(reply.FailedBackend(err))
	}
	content, action := response.ResponseContent, response.Action
	switch {
	case content == "": // the table knows what that means
	case action == authlete.StandardIntrospectionOK:
		content = h.content(ctx, call, content, client)
	case action == authlete.StandardIntrospectionJWT && client != "": // a JWT does not show whose token it is
		content, action = inactive, authlete.StandardIntrospectionOK
	}
	return call.Complete(h.table.Answer(action, response.ResultCode, content))
}

// authenticate has the backend authenticate the client, by every method that it takes at the revocation endpoint. The
// contract has no call for that alone; a revocation of a token that nobody has does nothing else.
func (h *handler) authenticate(ctx context.Context, call *clientcall.Call) *reply.Answer {
	values, err := url.ParseQuery(call.Parameters)
	if err != nil {
		answer := call.Complete(reply.Error(http.StatusBadRequest, "invalid_request", "The request is malformed."))
		return &answer
	}
	values.Del("token_type_hint")
	values.Set("token", rand.Text())
	response, err := clientcall.Ask(ctx, call, func(ctx context.Context, credentials clientcall.Credentials) (*authlete.RevocationResponse, error) {
		return h.Backend.Revocation(ctx, &authlete.RevocationRequest{
			Parameters: values.Encode(), ClientID: credentials.User, ClientSecret: credentials.Password,
			CertificateProof: call.Proofs.CertificateProof, AttestationProof: call.Proofs.AttestationProof,
		})
	}, func(response *authlete.RevocationResponse) bool {
		return response.Action == authlete.RevocationInvalidClient
	})
	switch {
	case err != nil:
		answer := call.Complete(reply.FailedBackend(err))
		return &answer
	case response.Action == authlete.RevocationOK:
		return nil
	default:
		answer := call.Complete(h.refusals.Answer(response.Action, response.ResultCode, response.ResponseContent))
		return &answer
	}
}
