package enginetest

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

// number is the client's id as a client_id.
func number(c *authlete.Client) string { return strconv.FormatInt(c.ClientID, 10) }

// status checks that a management call was refused with the status.
func (d *driver) status(err error, want int) {
	d.Helper()
	var refused *authlete.Error
	if !errors.As(err, &refused) || refused.Status != want || refused.Result.ResultCode == "" || refused.Result.ResultMessage == "" {
		d.Errorf("error %v, want status %d with code and message", err, want)
	}
}

func discovery(d *driver) {
	d.start()
	document, err := d.ServiceConfiguration(d.Context())
	d.must(err)
	var got map[string]any
	d.must(json.Unmarshal(document, &got))
	methods := []any{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
	for name, want := range map[string]any{
		"issuer": Issuer, "authorization_endpoint": Issuer + "/api/authorization", "token_endpoint": Issuer + "/api/token",
		"jwks_uri": Issuer + "/api/jwks", "userinfo_endpoint": Issuer + "/api/userinfo", "revocation_endpoint": Issuer + "/api/revocation",
		"introspection_endpoint":   Issuer + "/api/introspection",
		"scopes_supported":         []any{"openid", "profile", "email", "offline_access", "read", "write"},
		"response_types_supported": []any{"code"}, "subject_types_supported": []any{"public"},
		"response_modes_supported":                       []any{"query", "fragment", "form_post"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token", "client_credentials"},
		"id_token_signing_alg_values_supported":          []any{"RS256", "ES256"},
		"token_endpoint_auth_methods_supported":          methods,
		"revocation_endpoint_auth_methods_supported":     methods,
		"acr_values_supported":                           []any{"urn:acr:password", "urn:acr:otp"},
		"code_challenge_methods_supported":               []any{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported":                     true, "request_parameter_supported": false, "request_uri_parameter_supported": false,
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			d.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range []string{
		"token_endpoint_auth_signing_alg_values_supported", "revocation_endpoint_auth_signing_alg_values_supported", "claims_supported",
	} {
		if got[name] == nil {
			d.Errorf("no %s", name)
		}
	}
	keys, err := d.ServiceJWKS(d.Context())
	d.must(err)
	var set struct{ Keys []map[string]any }
	d.must(json.Unmarshal(keys, &set))
	if len(set.Keys) == 0 {
		d.Fatal("no keys")
	}
	for _, key := range set.Keys {
		if key["kid"] == "" || key["use"] != "sig" || key["alg"] == nil || key["d"] != nil || key["p"] != nil {
			d.Errorf("key = %v", key)
		}
	}
}

func serviceSettings(d *driver) {
	d.start()
	d.client("app")
	_, err := d.ServiceConfiguration(d.Context()) // must not be remembered
	d.must(err)
	service, err := d.ServiceGet(d.Context())
	d.must(err)
	if want := Service(); !cmp.Equal(&want, service) {
		d.Errorf("settings (-want +got):\n%s", cmp.Diff(&want, service))
	}
	changed := *service
	changed.SupportedScopes = changed.SupportedScopes[:1]
	changed.AuthorizationCodeDuration = 30
	updated, err := d.ServiceUpdate(d.Context(), &changed)
	d.must(err)
	if diff := cmp.Diff(&changed, updated); diff != "" {
		d.Errorf("settings (-want +got):\n%s", diff)
	}
	if response := d.authorize(request("app")); len(response.Scopes) != 1 {
		d.Errorf("scopes = %v", response.Scopes)
	}
	document, err := d.ServiceConfiguration(d.Context())
	d.must(err)
	d.contains(string(document), `"scopes_supported":["openid"]`)
	changed.Issuer = ""
	_, err = d.ServiceUpdate(d.Context(), &changed)
	d.status(err, 400)
	changed.Issuer, changed.AccessTokenDuration = Issuer, 0
	_, err = d.ServiceUpdate(d.Context(), &changed)
	d.status(err, 400)
}

func clients(d *driver) {
	d.start()
	app := d.client("app")
	if app.ClientID <= 0 || app.ClientID >= 1<<53 || len(app.ClientSecret) < 43 || app.CreatedAt != d.Clock.Now().UnixMilli() ||
		app.ClientType != authlete.ClientConfidential || app.TokenAuthMethod != authlete.AuthClientSecretBasic || app.ApplicationType != authlete.ApplicationWeb {
		d.Errorf("client = %+v", app)
	}
	for _, identifier := range []string{"app", number(app)} {
		got, err := d.ClientGet(d.Context(), identifier)
		d.must(err)
		if diff := cmp.Diff(app, got); diff != "" {
			d.Errorf("%s (-created +got):\n%s", identifier, diff)
		}
	}
	_, err := d.ClientCreate(d.Context(), &authlete.Client{ClientIDAlias: "app", RedirectURIs: []string{callback}})
	d.status(err, 409)
	for _, alias := range []string{"second", "third"} {
		d.client(alias)
	}
	page, err := d.ClientList(d.Context(), 1, 5)
	d.must(err)
	if page.TotalCount != 3 || len(page.Clients) != 2 || page.Start != 1 {
		d.Errorf("page = %d of %d from %d", len(page.Clients), page.TotalCount, page.Start)
	}
	_, err = d.ClientList(d.Context(), 5, 1)
	d.status(err, 400)

	changed := *app
	changed.ClientIDAlias, changed.ClientName, changed.ClientSecret, changed.ClientID = "renamed", "Renamed", "ignored", 1
	updated, err := d.ClientUpdate(d.Context(), "app", &changed)
	d.must(err)
	if updated.ClientID != app.ClientID || updated.ClientSecret != app.ClientSecret || updated.ClientName != "Renamed" || updated.ClientIDAlias != "renamed" {
		d.Errorf("client = %+v", updated)
	}
	if response := d.authorize(request("app")); response.Action != authlete.AuthorizationBadRequest {
		d.Errorf("by the old alias: %s", response.Action)
	}
	d.ticket(request("renamed"))
	taken := *updated
	taken.ClientIDAlias = "second"
	_, err = d.ClientUpdate(d.Context(), "renamed", &taken)
	d.status(err, 409)
	for _, identifier := range []string{"app", "12345", "..%2Fadmin", "a/b c"} {
		_, err = d.ClientGet(d.Context(), identifier)
		d.status(err, 404)
		_, err = d.ClientUpdate(d.Context(), identifier, &changed)
		d.status(err, 404)
		d.status(d.ClientDelete(d.Context(), identifier), 404)
	}
}

func clientRefusals(d *driver) {
	d.start()
	native := func(c *authlete.Client) { c.ApplicationType = authlete.ApplicationNative }
	redirect := func(uri string) func(*authlete.Client) {
		return func(c *authlete.Client) { c.RedirectURIs = []string{uri} }
	}
	for name, change := range map[string]func(*authlete.Client){
		"numeric alias":            func(c *authlete.Client) { c.ClientIDAlias = "12345" },
		"alias with a space":       func(c *authlete.Client) { c.ClientIDAlias = "a b" },
		"no redirect URI":          func(c *authlete.Client) { c.RedirectURIs = nil },
		"relative redirect":        redirect("/callback"),
		"fragment":                 redirect(callback + "#x"),
		"http":                     redirect("http://app.example.com/callback"),
		"no host":                  redirect("https:///callback"),
		"script":                   redirect("javascript:alert(1)"),
		"private scheme of a web":  redirect("com.example.app:/callback"),
		"unencoded character":      redirect(callback + "?a=<b>"),
		"unencoded space":          redirect(callback + "?a= b"),
		"page with another scheme": func(c *authlete.Client) { c.LogoURI = "javascript:alert(1)" },
		"unknown grant":            func(c *authlete.Client) { c.GrantTypes = []authlete.GrantType{"TELEPATHY"} },
		"grant as the RFC spells":  func(c *authlete.Client) { c.GrantTypes = []authlete.GrantType{"authorization_code"} },
		"unknown response type":    func(c *authlete.Client) { c.ResponseTypes = []authlete.ResponseType{"ASSERTION"} },
		"unknown method":           func(c *authlete.Client) { c.TokenAuthMethod = "TLS_CLIENT_AUTH" },
		"public with a secret":     func(c *authlete.Client) { c.ClientType = authlete.ClientPublic },
		"confidential without": func(c *authlete.Client) {
			c.ClientType, c.TokenAuthMethod = authlete.ClientConfidential, authlete.AuthNone
		},
		"public machine": func(c *authlete.Client) {
			c.ClientType, c.TokenAuthMethod = authlete.ClientPublic, authlete.AuthNone
		},
		"assertion without key": func(c *authlete.Client) { c.TokenAuthMethod = authlete.AuthPrivateKeyJWT },
		"jwks that is none":     func(c *authlete.Client) { c.TokenAuthMethod, c.JWKS = authlete.AuthPrivateKeyJWT, `{"keys":[]}` },
		"private key in jwks":   func(c *authlete.Client) { c.TokenAuthMethod, c.JWKS = authlete.AuthPrivateKeyJWT, privateJWKS },
		"jwksUri by http": func(c *authlete.Client) {
			c.TokenAuthMethod, c.JWKSURI = authlete.AuthPrivateKeyJWT, "http://app.example.com/jwks"
		},
		"unknown ID token alg":     func(c *authlete.Client) { c.IDTokenSignAlg = "none" },
		"unknown assertion alg":    func(c *authlete.Client) { c.TokenAuthSignAlg = "HS256" },
		"pairwise":                 func(c *authlete.Client) { c.SubjectType = "PAIRWISE" },
		"negative max age":         func(c *authlete.Client) { c.DefaultMaxAge = -1 },
		"negative token lifetime":  func(c *authlete.Client) { c.Extension = &authlete.ClientExtension{AccessTokenDuration: -1} },
		"native with plain scheme": func(c *authlete.Client) { native(c); c.RedirectURIs = []string{"myapp:/callback"} },
		"application type unknown": func(c *authlete.Client) { c.ApplicationType = "TOASTER" },
	} {
		d.sub(name, func(d *driver) {
			client := authlete.Client{
				ClientIDAlias: "app", RedirectURIs: []string{callback}, ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
				GrantTypes: []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantClientCredentials},
			}
			change(&client)
			_, err := d.ClientCreate(d.Context(), &client)
			d.status(err, 400)
		})
	}
	for name, uri := range map[string]string{
		"loopback": "http://127.0.0.1:8080/callback", "loopback v6": "http://[::1]/callback", "localhost": "http://localhost/callback",
		"private scheme": "com.example.app:/callback", "https": callback,
	} {
		d.client("native-"+name[:4]+name[len(name)-1:], native, redirect(uri))
	}
}

// privateJWKS is the private key of RFC 7515, appendix A.3.
const privateJWKS = `{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",` +
	`"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}`

func clientSecrets(d *driver) {
	d.start()
	client := d.client("app")
	in := form{"grant_type": "client_credentials"}
	d.tokens(client, in)
	imposed, err := d.ClientSecretUpdate(d.Context(), "app", &authlete.ClientSecretUpdateRequest{ClientSecret: "a-secret:with+odd/characters%"})
	d.must(err)
	if imposed.OldClientSecret != client.ClientSecret || imposed.NewClientSecret != "a-secret:with+odd/characters%" {
		d.Errorf("secrets = %+v", imposed)
	}
	d.refused(d.token(client, in), authlete.TokenInvalidClient, "invalid_client")
	client.ClientSecret = imposed.NewClientSecret
	d.tokens(client, in)
	fresh, err := d.ClientSecretRefresh(d.Context(), number(client))
	d.must(err)
	if fresh.OldClientSecret != imposed.NewClientSecret || len(fresh.NewClientSecret) < 43 {
		d.Errorf("secrets = %+v", fresh)
	}
	client.ClientSecret = fresh.NewClientSecret
	d.tokens(client, in)
	for _, bad := range []string{"", "short", "sixteen characters\n", string(make([]byte, 2000))} {
		_, err := d.ClientSecretUpdate(d.Context(), "app", &authlete.ClientSecretUpdateRequest{ClientSecret: bad})
		d.status(err, 400)
	}
	_, err = d.ClientSecretRefresh(d.Context(), "nobody")
	d.status(err, 404)
}

func clientDeletion(d *driver) {
	d.start()
	client := d.client("app")
	tokens := d.tokens(client, exchange(d.code(request("app"))))
	code, ticket := d.code(request("app")), d.ticket(request("app"))
	d.must(d.ClientDelete(d.Context(), "app"))
	if d.active(tokens.AccessToken) || d.active(tokens.RefreshToken) {
		d.Error("tokens of a deleted client are active")
	}
	d.refused(d.token(client, exchange(code)), authlete.TokenInvalidClient, "invalid_client")
	if d.issue(authlete.AuthorizationIssueRequest{Ticket: ticket}).Action != authlete.AuthorizationIssueBadRequest {
		d.Error("a ticket of a deleted client works")
	}
	again := d.client("app") // the alias is free, and the old tokens stay dead
	if again.ClientID == client.ClientID || d.active(tokens.AccessToken) {
		d.Error("the new client took over from the old one")
	}
	d.tokens(again, form{"grant_type": "client_credentials"})
}

func operatorRevocation(d *driver) {
	d.start()
	app, other := d.client("app"), d.client("other")
	mine := d.tokens(app, exchange(d.code(request("app"))))
	also := d.tokens(other, exchange(d.code(request("other"))))
	count, err := d.TokenRevoke(d.Context(), &authlete.TokenRevokeRequest{ClientIdentifier: "app", Subject: alice})
	d.must(err)
	if count.Count != 1 || d.active(mine.AccessToken) || d.active(mine.RefreshToken) || !d.active(also.AccessToken) {
		d.Errorf("count = %d", count.Count)
	}
	count, err = d.TokenRevoke(d.Context(), &authlete.TokenRevokeRequest{Subject: alice})
	d.must(err)
	if count.Count != 1 || d.active(also.RefreshToken) {
		d.Errorf("count = %d", count.Count)
	}
	_, err = d.TokenRevoke(d.Context(), &authlete.TokenRevokeRequest{})
	d.status(err, 400)
	_, err = d.TokenRevoke(d.Context(), &authlete.TokenRevokeRequest{ClientIdentifier: "nobody"})
	d.status(err, 404)
}
