package scopes

import (
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
)

// Request asks for scopes.
type Request struct {
	Client  *registry.Client
	Service *authlete.Service
	// Parameter is the scope parameter; without it, the default scopes are asked for (RFC 6749, section 3.3).
	Parameter string
	// Excluded are the scopes that the grant cannot have.
	Excluded []string
	// Code is the result code of a refusal.
	Code string
}

// Granted returns the scopes of the request that the service and the client allow and the grant can have. Where they differ
// from those of the parameter, the answer says so (RFC 6749, section 5.1).
func (r *Request) Granted() ([]string, *oauth.Error) {
	requested := oauth.ParseScopes(r.Parameter)
	if r.Parameter == "" {
		requested = oauth.DefaultScopes(r.Service)
	}
	granted := slices.DeleteFunc(r.Client.AllowedScopes(r.Service, requested), func(scope string) bool {
		return slices.Contains(r.Excluded, scope)
	})
	if len(granted) == 0 && (r.Parameter != "" || r.Service.ScopeRequired) {
		return nil, r.refusal(requested)
	}
	return granted, nil
}

// refusal says why nothing is left.
func (r *Request) refusal(requested []string) *oauth.Error {
	for _, scope := range r.Excluded {
		if slices.Contains(requested, scope) {
			return oauth.NewError(oauth.InvalidScope, r.Code, "The scope %s cannot be had in this way, and the request names no other that the client may have.", scope)
		}
	}
	if len(requested) == 0 {
		return oauth.NewError(oauth.InvalidScope, r.Code, "The request names no scope.")
	}
	return oauth.NewError(oauth.InvalidScope, r.Code, "The client may have none of the requested scopes.")
}
