package httpapi

import (
	"context"
	"net/http"
	"slices"
)

// routes are all calls that are answered.
func (h *Handler) routes() []route {
	return slices.Concat(h.runtimeRoutes(), h.managementRoutes(), h.general(), absent())
}

// runtimeRoutes are the calls that a front end makes.
func (h *Handler) runtimeRoutes() []route {
	b := h.backend
	routes := []route{
		{method: http.MethodPost, call: "auth/authorization", serve: posted(b.Authorization)},
		{method: http.MethodPost, call: "auth/authorization/issue", serve: posted(b.AuthorizationIssue)},
		{method: http.MethodPost, call: "auth/authorization/fail", serve: posted(b.AuthorizationFail)},
		{method: http.MethodPost, call: "auth/token", serve: posted(b.Token)},
		{method: http.MethodPost, call: "auth/token/issue", serve: posted(b.TokenIssue)},
		{method: http.MethodPost, call: "auth/token/fail", serve: posted(b.TokenFail)},
		{method: http.MethodPost, call: "auth/revocation", serve: posted(b.Revocation)},
		{method: http.MethodPost, call: "auth/introspection", serve: posted(b.Introspection)},
		{method: http.MethodPost, call: "auth/introspection/standard", serve: posted(b.StandardIntrospection)},
		{method: http.MethodPost, call: "auth/userinfo", serve: posted(b.UserInfo)},
		{method: http.MethodPost, call: "auth/userinfo/issue", serve: posted(b.UserInfoIssue)},
		{method: http.MethodPost, call: "federation/configuration", serve: posted(b.FederationConfiguration)},
		{method: http.MethodGet, call: "service/jwks/get", serve: read(b.ServiceJWKS)},
	}
	// Clients of Authlete read the configuration with GET and with POST.
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		routes = append(routes, route{method: method, call: "service/configuration", serve: read(b.ServiceConfiguration)})
	}
	return routes
}

// managementRoutes are the calls that an operator makes.
func (h *Handler) managementRoutes() []route {
	const service, client = "/{service}", "/{client}"
	b := h.backend
	return []route{
		{method: http.MethodGet, call: "service/get", suffix2: service, serve: func(ctx context.Context, _ *http.Request) (any, error) {
			return b.ServiceGet(ctx)
		}},
		{method: http.MethodPost, call: "service/update", suffix2: service, changes: true, serve: h.serviceUpdate},
		{method: http.MethodPost, call: "client/create", changes: true, serve: posted(b.ClientCreate)},
		{method: http.MethodGet, call: "client/get/list", serve: func(ctx context.Context, r *http.Request) (any, error) {
			start, end, err := span(r)
			if err != nil {
				return nil, err
			}
			return b.ClientList(ctx, start, end)
		}},
		{method: http.MethodGet, call: "client/get", suffix: client, suffix2: client, serve: named(b.ClientGet)},
		{method: http.MethodPost, call: "client/update", suffix: client, suffix2: client, changes: true, serve: h.clientUpdate},
		{
			method: http.MethodDelete, call: "client/delete", suffix: client, suffix2: client, changes: true,
			serve: func(ctx context.Context, r *http.Request) (any, error) {
				return nil, b.ClientDelete(ctx, r.PathValue("client"))
			},
		},
		{method: http.MethodGet, call: "client/secret/refresh", suffix: client, suffix2: client, changes: true, serve: named(b.ClientSecretRefresh)},
		{method: http.MethodPost, call: "client/secret/update", suffix: client, suffix2: client, changes: true, serve: namedPosted(b.ClientSecretUpdate)},
		{method: http.MethodPost, call: "auth/token/revoke", changes: true, serve: posted(b.TokenRevoke)},
	}
}

// posted serves a call that takes and returns JSON.
func posted[In, Out any](call func(context.Context, *In) (*Out, error)) func(context.Context, *http.Request) (any, error) {
	return func(ctx context.Context, r *http.Request) (any, error) {
		in := new(In)
		if err := decode(r, in); err != nil {
			return nil, err
		}
		return call(ctx, in)
	}
}

// named serves a call about one client.
func named[Out any](call func(context.Context, string) (*Out, error)) func(context.Context, *http.Request) (any, error) {
	return func(ctx context.Context, r *http.Request) (any, error) { return call(ctx, r.PathValue("client")) }
}

// namedPosted serves a call about one client that takes JSON.
func namedPosted[In, Out any](call func(context.Context, string, *In) (*Out, error)) func(context.Context, *http.Request) (any, error) {
	return func(ctx context.Context, r *http.Request) (any, error) {
		in := new(In)
		if err := decode(r, in); err != nil {
			return nil, err
		}
		return call(ctx, r.PathValue("client"), in)
	}
}
