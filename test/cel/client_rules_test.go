package cel_test

import (
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

type clientMutation = func(*authv1alpha1.OAuthClient)

// clientRules returns the rules of an OAuthClient that compare fields.
func clientRules() []rule {
	return append(clientNameRules(), clientSpecRules()...)
}

func clientNameRules() []rule {
	return at(clientKind, "", rule{
		message: "metadata.name must have at most 100 characters, because the names of other objects are made from it",
		accept:  createdClient(clientNamed(strings.Repeat("a", 100), "")),
		reject:  createdClient(clientNamed(strings.Repeat("a", 101), "short")),
	}, rule{
		message: "metadata.name is used as the client ID, which must not be digits only: set spec.clientID or take another name",
		accept:  createdClient(clientNamed("12345", "app-12345")),
		reject:  createdClient(clientNamed("12345", "")),
	}, rule{
		message: "clientID cannot be changed, since applications use it: create another OAuthClient instead",
		accept:  changedClient(application(adopting("conf")), func(c *authv1alpha1.OAuthClient) { c.Spec.ClientID = "conf" }),
		reject:  changedClient(application(), func(c *authv1alpha1.OAuthClient) { c.Spec.ClientID = "other" }),
	}, rule{
		message: "secret.secretRef is the Secret that the operator writes (secret.output.name, by default the object's name with -oauth): use two Secrets",
		accept:  createdClient(secretRef("given")),
		reject:  createdClient(secretRef("case-oauth")),
	})
}

func clientSpecRules() []rule {
	return at(clientKind, ".spec", rule{
		message: "redirectURIs needs an entry for the grant types authorization_code (a default) and implicit: add one, or set spec.grantTypes without them",
		accept:  createdClient(clientGrants(nil, "client_credentials")),
		reject:  createdClient(redirects()),
	}, rule{
		message: "client_credentials needs a client that authenticates: remove it from spec.grantTypes, or set tokenEndpointAuthMethod to something else than none",
		accept:  createdClient(clientGrants(nil, "client_credentials")),
		reject: createdClient(func(c *authv1alpha1.OAuthClient) {
			clientGrants(nil, "client_credentials")(c)
			c.Spec.TokenEndpointAuthMethod = authv1alpha1.AuthNone
		}),
	}, rule{
		message: implicitMessage,
		accept: createdClient(clientGrants(
			[]authv1alpha1.ResponseType{"code id_token"}, "authorization_code", "implicit")),
		reject: createdClient(clientGrants([]authv1alpha1.ResponseType{"token"}, "authorization_code")),
	}, rule{
		message: codeMessage,
		accept:  createdClient(clientGrants([]authv1alpha1.ResponseType{"code"}, "authorization_code")),
		reject:  createdClient(clientGrants([]authv1alpha1.ResponseType{"code token"}, "implicit")),
	}, rule{
		message: "redirect URIs with a private-use scheme belong to native applications: set applicationType to native, or use https://",
		accept:  createdClient(nativeRedirect("com.example.app:/callback")),
		reject:  createdClient(redirects("com.example.app:/callback")),
	}, rule{
		message: "secret.secretRef gives a client secret, which only client_secret_basic and client_secret_post use: remove it or change tokenEndpointAuthMethod",
		accept:  createdClient(secretRef("given")),
		reject: createdClient(func(c *authv1alpha1.OAuthClient) {
			secretRef("given")(c)
			c.Spec.TokenEndpointAuthMethod = authv1alpha1.AuthNone
		}),
	}, rule{
		message: "private_key_jwt needs the client's public keys in one place: set exactly one of jwks and jwksURI",
		accept:  createdClient(keys("private_key_jwt", "https://app.example.com/jwks", nil)),
		reject:  createdClient(keys("private_key_jwt", "", nil)),
	}, rule{
		message: "jwks and jwksURI are for clients that authenticate with a key: set tokenEndpointAuthMethod to private_key_jwt, or remove them",
		accept:  createdClient(keys("private_key_jwt", "", ecKey())),
		reject:  createdClient(keys("", "", ecKey())),
	}, rule{
		message: "management Observe is for a client that exists: set spec.adopt, or remove management",
		accept:  createdClient(managed("Observe", adopting("4711"))),
		reject:  createdClient(managed("Observe")),
	}, rule{
		message: "adopt cannot be removed: delete this object, which leaves an adopted client in place by default, and create another",
		accept:  changedClient(application(adopting("4711")), adopting("4712")),
		reject:  changedClient(application(adopting("4711")), func(c *authv1alpha1.OAuthClient) { c.Spec.Adopt = nil }),
	})
}

// managed sets the management and changes the client further.
func managed(management authv1alpha1.ClientManagement, further ...clientMutation) clientMutation {
	return func(c *authv1alpha1.OAuthClient) {
		c.Spec.Management = management
		for _, change := range further {
			change(c)
		}
	}
}

func clientNamed(name, clientID string) clientMutation {
	return func(c *authv1alpha1.OAuthClient) { c.Name, c.Spec.ClientID = name, clientID }
}

func secretRef(name string) clientMutation {
	return func(c *authv1alpha1.OAuthClient) {
		c.Spec.Secret.SecretRef = &authv1alpha1.SecretKeyReference{Name: name}
	}
}

func redirects(uris ...authv1alpha1.RedirectURI) clientMutation {
	return func(c *authv1alpha1.OAuthClient) { c.Spec.RedirectURIs = uris }
}

func nativeRedirect(uri authv1alpha1.RedirectURI) clientMutation {
	return func(c *authv1alpha1.OAuthClient) {
		c.Spec.ApplicationType = authv1alpha1.ApplicationNative
		c.Spec.RedirectURIs = []authv1alpha1.RedirectURI{uri}
	}
}

// clientGrants sets grant and response types; without a grant that redirects it
// removes the redirect URIs.
func clientGrants(responses []authv1alpha1.ResponseType, grantTypes ...authv1alpha1.GrantType) clientMutation {
	return func(c *authv1alpha1.OAuthClient) {
		c.Spec.GrantTypes, c.Spec.ResponseTypes = grantTypes, responses
		if len(grantTypes) == 1 && grantTypes[0] == authv1alpha1.GrantClientCredentials {
			c.Spec.RedirectURIs = nil
		}
	}
}

func keys(method authv1alpha1.ClientAuthMethod, uri string, key *authv1alpha1.JSONWebKey) clientMutation {
	return func(c *authv1alpha1.OAuthClient) {
		c.Spec.TokenEndpointAuthMethod, c.Spec.JWKSURI = method, uri
		if key != nil {
			c.Spec.JWKS = &authv1alpha1.JSONWebKeySet{Keys: []authv1alpha1.JSONWebKey{*key}}
		}
	}
}

// ecKey returns the public key of RFC 7517 appendix A.1.
func ecKey() *authv1alpha1.JSONWebKey {
	return &authv1alpha1.JSONWebKey{
		Kty: authv1alpha1.KeyEC, Crv: "P-256", Kid: "1",
		X: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
		Y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
	}
}
