package introspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/params"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// inactive is all that RFC 7662, section 2.2 lets be said of a token that is no good.
const inactive = `{"active":false}`

// hintRefresh makes the search start with the refresh tokens. Other hints and none start with the access tokens
// (RFC 7662, section 2.1: a hint that does not help must not hurt).
const hintRefresh = "refresh_token"

// lookup searches one kind of token; the empty string means that the token is not among them.
type lookup func(ctx context.Context, token string) (string, error)

// StandardIntrospection answers an RFC 7662 request.
func (e *Endpoint) StandardIntrospection(
	ctx context.Context, req *authlete.StandardIntrospectionRequest,
) (*authlete.StandardIntrospectionResponse, error) {
	values, err := params.Parse(req.Parameters)
	if err != nil {
		return badRequest(oauth.NewError(oauth.InvalidRequest, codeStandardParameters, "The request is malformed: %v.", err)), nil
	}
	token := values.Get("token")
	if token == "" {
		return badRequest(oauth.NewError(oauth.InvalidRequest, codeStandardNoToken, "The request does not contain 'token'.")), nil
	}
	lookups := [...]lookup{e.access, e.refresh}
	if values.Get("token_type_hint") == hintRefresh {
		lookups = [...]lookup{e.refresh, e.access}
	}
	for _, look := range lookups {
		content, err := look(ctx, token)
		if err != nil {
			return nil, err
		}
		if content != "" {
			return answered(content), nil
		}
	}
	return answered(inactive), nil
}

// access describes an access token.
func (e *Endpoint) access(ctx context.Context, value string) (string, error) {
	token, err := e.judge.Judge(ctx, value)
	switch {
	case err != nil:
		return "", err
	case !token.Existent():
		return "", nil
	case !token.Usable():
		return inactive, nil
	}
	object := jsontext.NewObject(320)
	object.Bool("active", true)
	object.NonEmpty("sub", token.Subject)
	object.Words("scope", token.Scopes)
	object.String("iss", e.deps.Registry.Service().Issuer)
	object.String("token_type", "Bearer")
	object.Int("exp", token.ExpiresAt.Unix())
	object.Int("iat", token.IssuedAt.Unix())
	object.String("client_id", token.Client.Identifier(true))
	object.String("aud", token.Client.Identifier(true)) // of tokens that no resource was named for
	return string(object.Bytes()), nil
}

// refresh describes a refresh token. It has no token_type: it authorizes no request to a resource.
func (e *Endpoint) refresh(ctx context.Context, value string) (string, error) {
	token, grant, err := e.deps.Store.FindRefresh(ctx, store.HashOf(value))
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding refresh token: %w", err)
	}
	if !token.SupersededAt.IsZero() || !grant.RevokedAt.IsZero() || !e.deps.Clock().Before(token.ExpiresAt) ||
		!e.judge.Known(grant.Subject) {
		return inactive, nil
	}
	client, err := e.judge.Client(ctx, token.ClientID)
	if err != nil {
		return "", err
	}
	service := e.deps.Registry.Service()
	if client == nil || !client.MayUseGrant(service, authlete.GrantRefreshToken) {
		return inactive, nil
	}
	object := jsontext.NewObject(320)
	object.Bool("active", true)
	object.NonEmpty("sub", grant.Subject)
	object.Words("scope", token.Scopes)
	object.String("iss", service.Issuer)
	object.Int("exp", token.ExpiresAt.Unix())
	object.Int("iat", token.CreatedAt.Unix())
	object.String("client_id", client.Identifier(true))
	return string(object.Bytes()), nil
}

func answered(content string) *authlete.StandardIntrospectionResponse {
	return &authlete.StandardIntrospectionResponse{
		Result:          oauth.Success(codeStandardDone, "Introspection was performed successfully."),
		Action:          authlete.StandardIntrospectionOK,
		ResponseContent: content,
	}
}

func badRequest(refusal *oauth.Error) *authlete.StandardIntrospectionResponse {
	return &authlete.StandardIntrospectionResponse{
		Result: refusal.Result(), Action: authlete.StandardIntrospectionBadRequest, ResponseContent: refusal.Content(),
	}
}
