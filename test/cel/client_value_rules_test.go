package cel_test

import (
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// clientValueRules returns the rules of an OAuthClient about a single value.
func clientValueRules() []rule {
	rules := at(clientKind, ".spec.serverRef", rule{
		message: "serverRef cannot be changed: create another OAuthClient for the other server",
		accept:  changedClient(application(), func(c *authv1alpha1.OAuthClient) { c.Spec.ClientName = "App" }),
		reject:  changedClient(application(), func(c *authv1alpha1.OAuthClient) { c.Spec.ServerRef.Name = "other" }),
	})
	rules = append(rules, at(clientKind, ".spec.clientID", rule{
		message: "clientID must be letters, digits, dots, hyphens, underscores and tildes, must start with a letter or digit, and must not be digits only",
		accept:  createdClient(clientNamed("case", "My_App.v2~test")),
		reject:  createdClient(clientNamed("case", "12345")),
	})...)
	rules = append(rules, at(clientKind, ".spec.scopes[]", rule{
		message: scopeMessage,
		accept:  createdClient(clientScopes("openid", "invoices:read")),
		reject:  createdClient(clientScopes(`with"quote`)),
	})...)
	rules = append(rules, at(clientKind, ".spec.jwksURI", rule{
		message: "jwksURI must be an absolute URL that starts with https://",
		accept:  createdClient(keys("private_key_jwt", "https://app.example.com/jwks", nil)),
		reject:  createdClient(keys("private_key_jwt", "http://app.example.com/jwks", nil)),
	})...)
	rules = append(rules, at(clientKind, ".spec.adopt.client", rule{
		message: "client must be a decimal client ID or an alias: letters, digits, dots, hyphens, underscores and tildes",
		accept:  createdClient(adopting("26478243745571")),
		reject:  createdClient(adopting("../26478243745571")),
	})...)
	rules = append(rules, redirectRules()...)
	rules = append(rules, keyRules()...)
	return append(rules, clientPageRules()...)
}

func adopting(identifier string) clientMutation {
	return func(c *authv1alpha1.OAuthClient) { c.Spec.Adopt = &authv1alpha1.ClientAdoption{Client: identifier} }
}

func redirectRules() []rule {
	return at(clientKind, ".spec.redirectURIs[]", rule{
		message: "a redirect URI is an absolute URI without spaces, for example https://app.example.com/callback",
		accept:  createdClient(redirects("https://app.example.com/callback?a=b")),
		reject:  createdClient(redirects("/callback")),
	}, rule{
		message: "a redirect URI must not have a fragment: remove everything from the # on",
		accept:  createdClient(redirects("https://app.example.com")),
		reject:  createdClient(redirects("https://app.example.com/#callback")),
	}, rule{
		message: "http:// is accepted for localhost, 127.0.0.1 and [::1] only: use https:// for any other host",
		accept:  createdClient(redirects("http://127.0.0.1:8123/callback", "http://localhost/", "http://[::1]:80?x")),
		reject:  createdClient(redirects("http://127.0.0.1.example.com/callback")),
	}, rule{
		message: "an https:// redirect URI needs a host and no user information, for example https://app.example.com/callback",
		accept:  createdClient(redirects("https://app.example.com:8443/callback")),
		reject:  createdClient(redirects("https://app.example.com@attacker.example/callback")),
	}, rule{
		message: "a private-use scheme is a domain name of yours in reverse, in lower case, for example com.example.app:/callback",
		accept:  createdClient(nativeRedirect("com.example.app:/callback")),
		reject:  createdClient(nativeRedirect("javascript:alert(1)")),
	})
}

func keyRules() []rule {
	rsa := authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyRSA, N: strings.Repeat("v", 342), E: "AQAB"}
	okp := authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyOKP, Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	const jwt = authv1alpha1.AuthPrivateKeyJWT
	return at(clientKind, ".spec.jwks.keys[]", rule{
		message: "an RSA key needs n and e",
		accept:  createdClient(keys(jwt, "", &rsa)),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyRSA, N: rsa.N})),
	}, rule{
		message: "an EC key needs crv, x and y",
		accept:  createdClient(keys(jwt, "", ecKey())),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyEC, Crv: "P-256", X: ecKey().X})),
	}, rule{
		message: "an OKP key needs crv and x",
		accept:  createdClient(keys(jwt, "", &okp)),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyOKP, X: okp.X})),
	}, rule{
		message: "crv does not fit kty: an EC key has P-256, P-384 or P-521, an OKP key Ed25519",
		accept:  createdClient(keys(jwt, "", ecKey())),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyOKP, Crv: "P-256", X: okp.X})),
	}, rule{
		message: "alg does not fit the key: RSA keys sign RS256 to PS512, P-256 ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA",
		accept:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: okp.Kty, Crv: okp.Crv, X: okp.X, Alg: "EdDSA"})),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: okp.Kty, Crv: okp.Crv, X: okp.X, Alg: "ES256"})),
	}, rule{
		message: "x does not have the length of the curve: 43 characters for P-256 and Ed25519, 64 for P-384, 88 for P-521",
		accept:  createdClient(keys(jwt, "", &okp)),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: okp.Kty, Crv: okp.Crv, X: "eA"})),
	}, rule{
		message: "y must be as long as x",
		accept:  createdClient(keys(jwt, "", ecKey())),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyEC, Crv: "P-256", X: ecKey().X, Y: "eA"})),
	}, rule{
		message: "an RSA key needs at least 2048 bits",
		accept:  createdClient(keys(jwt, "", &rsa)),
		reject:  createdClient(keys(jwt, "", &authv1alpha1.JSONWebKey{Kty: authv1alpha1.KeyRSA, N: strings.Repeat("A", 342), E: rsa.E})),
	})
}

func clientPageRules() []rule {
	fields := map[string]func(*authv1alpha1.OAuthClientSpec) *authv1alpha1.WebURI{
		".spec.clientURI": func(s *authv1alpha1.OAuthClientSpec) *authv1alpha1.WebURI { return &s.ClientURI },
		".spec.logoURI":   func(s *authv1alpha1.OAuthClientSpec) *authv1alpha1.WebURI { return &s.LogoURI },
		".spec.policyURI": func(s *authv1alpha1.OAuthClientSpec) *authv1alpha1.WebURI { return &s.PolicyURI },
		".spec.tosURI":    func(s *authv1alpha1.OAuthClientSpec) *authv1alpha1.WebURI { return &s.TosURI },
	}
	var rules []rule
	for path, field := range fields {
		rules = append(rules, at(clientKind, path, rule{
			message: webURIMessage,
			accept:  createdClient(func(c *authv1alpha1.OAuthClient) { *field(&c.Spec) = "https://www.example.com/a" }),
			reject:  createdClient(func(c *authv1alpha1.OAuthClient) { *field(&c.Spec) = "data:text/html,x" }),
		})...)
	}
	return rules
}

func clientScopes(names ...authv1alpha1.ScopeName) clientMutation {
	return func(c *authv1alpha1.OAuthClient) { c.Spec.Scopes = names }
}
