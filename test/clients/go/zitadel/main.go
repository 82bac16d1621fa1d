// Command zitadel is a client on zitadel/oidc's relying party.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/authserver-dev/operator/test/clients/go/harness"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := harness.FromEnvironment()
	party, err := rp.NewRelyingPartyOIDC(ctx, s.Issuer, s.ClientID, s.ClientSecret, s.RedirectURI, strings.Fields(s.Scope))
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	callback, err := harness.Open(rp.AuthURL("state-of-the-test", party))
	if err != nil {
		return err
	}
	location, err := url.Parse(callback)
	if err != nil {
		return fmt.Errorf("parsing the callback: %w", err)
	}
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, location.Query().Get("code"), party)
	if err != nil {
		return fmt.Errorf("exchanging the code: %w", err)
	}
	info, err := rp.Userinfo[*oidc.UserInfo](ctx, tokens.AccessToken, tokens.TokenType, tokens.IDTokenClaims.GetSubject(), party)
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	refreshed, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	after, err := rp.Userinfo[*oidc.UserInfo](ctx, refreshed.AccessToken, refreshed.TokenType, info.Subject, party)
	if err != nil {
		return fmt.Errorf("userinfo after the refresh: %w", err)
	}
	if err := rp.RevokeToken(ctx, party, refreshed.RefreshToken, "refresh_token"); err != nil {
		return fmt.Errorf("revocation: %w", err)
	}
	return harness.Report(map[string]any{
		"idToken": tokens.IDTokenClaims, "userinfo": info, "refreshedIDToken": refreshed.IDTokenClaims, "refreshedUserInfo": after,
		"first": tokens.AccessToken, "revoked": refreshed.AccessToken,
	})
}
