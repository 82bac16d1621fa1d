package httpapi

import (
	"context"
	"net/http"

	"github.com/authserver-dev/operator/internal/authlete"
)

// routes mounts every call of the API.
func (h *Handler) routes(mux *http.ServeMux) {
	mount(h, mux, "POST", "auth/authorization", h.backend.Authorization)
	mount(h, mux, "POST", "auth/authorization/issue", h.backend.AuthorizationIssue)
	mount(h, mux, "POST", "auth/authorization/fail", h.backend.AuthorizationFail)
	mount(h, mux, "POST", "auth/token", h.backend.Token)
	mount(h, mux, "POST", "auth/token/issue", h.backend.TokenIssue)
	mount(h, mux, "POST", "auth/token/fail", h.backend.TokenFail)
	mount(h, mux, "POST", "auth/revocation", h.backend.Revocation)
	mount(h, mux, "POST", "auth/introspection", h.backend.Introspection)
	mount(h, mux, "POST", "auth/introspection/standard", h.backend.StandardIntrospection)
	mount(h, mux, "POST", "auth/userinfo", h.backend.UserInfo)
	mount(h, mux, "POST", "auth/userinfo/issue", h.backend.UserInfoIssue)
	mount(h, mux, "POST", "auth/token/revoke", h.backend.TokenRevoke)
	mount(h, mux, "POST", "service/update", h.backend.ServiceUpdate)
	mount(h, mux, "POST", "client/create", h.backend.ClientCreate)
	h.handle(mux, "GET", "service/get", func(ctx context.Context, _ *http.Request) (any, error) { return h.backend.ServiceGet(ctx) })
	h.handle(mux, "GET", "service/jwks/get", func(ctx context.Context, _ *http.Request) (any, error) { return raw(h.backend.ServiceJWKS(ctx)) })
	// Clients of Authlete read the configuration with GET and with POST.
	for _, method := range []string{"GET", "POST"} {
		h.handle(mux, method, "service/configuration", func(ctx context.Context, _ *http.Request) (any, error) {
			return raw(h.backend.ServiceConfiguration(ctx))
		})
	}
	h.clientRoutes(mux)
}

// clientRoutes mounts the calls about one client.
func (h *Handler) clientRoutes(mux *http.ServeMux) {
	h.handle(mux, "GET", "client/get/{client}", func(ctx context.Context, r *http.Request) (any, error) {
		return h.backend.ClientGet(ctx, r.PathValue("client"))
	})
	h.handle(mux, "GET", "client/get/list", func(ctx context.Context, r *http.Request) (any, error) {
		start, end, err := span(r)
		if err != nil {
			return nil, err
		}
		return h.backend.ClientList(ctx, start, end)
	})
	h.handle(mux, "POST", "client/update/{client}", func(ctx context.Context, r *http.Request) (any, error) {
		var client authlete.Client
		if err := decode(r, &client); err != nil {
			return nil, err
		}
		return h.backend.ClientUpdate(ctx, r.PathValue("client"), &client)
	})
	h.handle(mux, "DELETE", "client/delete/{client}", func(ctx context.Context, r *http.Request) (any, error) {
		return nil, h.backend.ClientDelete(ctx, r.PathValue("client"))
	})
	h.handle(mux, "GET", "client/secret/refresh/{client}", func(ctx context.Context, r *http.Request) (any, error) {
		return h.backend.ClientSecretRefresh(ctx, r.PathValue("client"))
	})
	h.handle(mux, "POST", "client/secret/update/{client}", func(ctx context.Context, r *http.Request) (any, error) {
		var req authlete.ClientSecretUpdateRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return h.backend.ClientSecretUpdate(ctx, r.PathValue("client"), &req)
	})
}
