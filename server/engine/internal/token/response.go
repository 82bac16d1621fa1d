package token

import (
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// issued is what a successful token request hands out.
type issued struct {
	access issue.Access
	// refresh is nil where no refresh token is issued; a kept one is repeated.
	refresh *issue.Refresh
	idToken string
}

// tokens returns what the store must create.
func (i *issued) tokens() store.Tokens {
	tokens := store.Tokens{Access: &i.access.Record}
	if i.refresh != nil {
		tokens.Refresh = &i.refresh.Record
	}
	return tokens
}

// content returns the body of RFC 6749, section 5.1.
func (i *issued) content() string {
	const frame = 128 // member names and token_type
	size := frame + 2*len(i.access.Value) + 16*len(i.access.Record.Scopes) + len(i.idToken)
	object := jsontext.NewObject(size)
	object.String("access_token", i.access.Value)
	object.String("token_type", "Bearer")
	object.Int("expires_in", i.access.Duration())
	object.Words("scope", i.access.Record.Scopes)
	if i.refresh != nil {
		object.String("refresh_token", i.refresh.Value)
	}
	object.NonEmpty("id_token", i.idToken)
	return string(object.Bytes())
}

// response returns the response of auth/token.
func (i *issued) response(r *request, resultCode string) *authlete.TokenResponse {
	response := &authlete.TokenResponse{
		Result:               oauth.Success(resultCode, "The token request was processed successfully."),
		Action:               authlete.TokenOK,
		ResponseContent:      i.content(),
		GrantType:            r.grant,
		ClientID:             r.client.ClientID,
		ClientIDAlias:        r.client.ClientIDAlias,
		ClientIDAliasUsed:    r.client.AliasUsed,
		Subject:              i.access.Record.Subject,
		Scopes:               i.access.Record.Scopes,
		AccessToken:          i.access.Value,
		AccessTokenDuration:  i.access.Duration(),
		AccessTokenExpiresAt: i.access.Record.ExpiresAt.UnixMilli(),
		IDToken:              i.idToken,
	}
	if i.refresh != nil {
		response.RefreshToken = i.refresh.Value
		response.RefreshTokenDuration = i.refresh.Duration()
		response.RefreshTokenExpiresAt = i.refresh.Record.ExpiresAt.UnixMilli()
	}
	return response
}
