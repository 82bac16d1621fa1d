package cel_test

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// webURIMessage is the message of every address of a web page or an image.
const webURIMessage = "must be an absolute URL that starts with https:// (or http://), for example https://www.example.com/logo.svg"

// scopeMessage is the message of every scope name.
const scopeMessage = "a scope is written with printable ASCII characters, without spaces, double quotes and backslashes"

type serverMutation = func(*authv1alpha1.AuthorizationServer)

// serverRules returns the rules of an AuthorizationServer, except those about the
// objects that it makes.
func serverRules() []rule {
	rules := []rule{{
		kind:    serverKind,
		path:    "",
		message: "metadata.name becomes the name of a Service: use at most 40 lower-case letters, digits and hyphens, starting with a letter and without dots",
		accept:  created(named(strings.Repeat("a", 40))),
		reject:  created(named("login.example")),
	}}
	rules = append(rules, issuerRules()...)
	rules = append(rules, storageRules()...)
	rules = append(rules, authleteRules()...)
	rules = append(rules, grantRules()...)
	return append(rules, displayRules()...)
}

func issuerRules() []rule {
	rules := []rule{{
		message: "issuer must be an absolute URL with a host, for example https://login.example.com",
		accept:  created(issuer("https://login.example.com:8443/tenants/blue")),
		reject:  created(issuer("login.example.com")),
	}, {
		message: "issuer may use http:// for localhost, 127.0.0.1 and [::1] only: use https:// for any other host",
		accept:  created(issuer("http://[::1]:8080")),
		reject:  created(issuer("http://localhost.example.com")),
	}, {
		message: "issuer must not have a query or a fragment: remove everything from the ? or # on",
		accept:  created(issuer("https://login.example.com/a")),
		reject:  created(issuer("https://login.example.com/a#b")),
	}, {
		message: "issuer must not contain user information: remove the part with the @",
		accept:  created(issuer("https://login.example.com")),
		reject:  created(issuer("https://jane:secret@login.example.com")),
	}, {
		message: "issuer must not end with a slash: remove it, since clients compare the issuer character by character",
		accept:  created(issuer("http://127.0.0.1")),
		reject:  created(issuer("https://login.example.com/")),
	}}
	return at(serverKind, ".spec.issuer", rules...)
}

func storageRules() []rule {
	const storage = ".spec.backend.embedded.storage"
	rules := at(serverKind, ".spec.backend", rule{
		message: "backend.embedded is required when backend.type is Embedded: add it, with a storage",
		accept:  created(stored(authv1alpha1.Storage{Type: authv1alpha1.StorageMemory})),
		reject:  created(func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Embedded = nil }),
	})
	rules = append(rules, at(serverKind, storage, rule{
		message: "storage.sqlite may be set only when storage.type is SQLite: remove it or change the type",
		accept:  created(stored(sqlite(authv1alpha1.VolumeClaim{}))),
		reject: created(stored(authv1alpha1.Storage{
			Type: authv1alpha1.StorageMemory, SQLite: &authv1alpha1.SQLiteStorage{},
		})),
	}, rule{
		message: "storage.postgresql may be set only when storage.type is PostgreSQL: remove it or change the type",
		accept:  created(stored(postgresql())),
		reject: created(stored(authv1alpha1.Storage{
			Type: authv1alpha1.StorageMemory, PostgreSQL: postgresql().PostgreSQL,
		})),
	}, rule{
		message: "storage.postgresql is required when storage.type is PostgreSQL: add it, with a connectionSecretRef",
		accept:  created(stored(postgresql())),
		reject:  created(stored(authv1alpha1.Storage{Type: authv1alpha1.StoragePostgreSQL})),
	})...)
	rules = append(rules, at(serverKind, storage+".sqlite.volumeClaim", rule{
		message: "existingClaimName uses a claim as it is: remove storageClassName and size, or remove existingClaimName",
		accept:  created(stored(sqlite(authv1alpha1.VolumeClaim{ExistingClaimName: "data"}))),
		reject: created(stored(sqlite(authv1alpha1.VolumeClaim{
			ExistingClaimName: "data", Size: new(resource.MustParse("1Gi")),
		}))),
	})...)
	return append(rules, at(serverKind, storage+".sqlite.volumeClaim.size", rule{
		message: "size must be a positive quantity, for example 1Gi",
		accept:  created(stored(sqlite(authv1alpha1.VolumeClaim{Size: new(resource.MustParse("500Mi"))}))),
		reject:  created(stored(sqlite(authv1alpha1.VolumeClaim{Size: new(resource.MustParse("-1Gi"))}))),
	})...)
}

func grantRules() []rule {
	rules := at(serverKind, ".spec", rule{
		message: "more than one replica needs storage that pods can share: set spec.replicas to 1, or spec.backend.embedded.storage.type to PostgreSQL",
		accept:  created(both(replicas(3), stored(postgresql()))),
		reject:  created(both(replicas(2), stored(sqlite(authv1alpha1.VolumeClaim{})))),
	}, rule{
		message: implicitMessage,
		accept: created(grants(
			[]authv1alpha1.GrantType{"authorization_code", "implicit"}, "code", "code id_token token")),
		reject: created(grants(nil, "code", "id_token")),
	}, rule{
		message: codeMessage,
		accept:  created(grants([]authv1alpha1.GrantType{"implicit"}, "id_token token")),
		reject:  created(grants([]authv1alpha1.GrantType{"client_credentials"}, "code")),
	})
	rules = append(rules, at(serverKind, ".spec.tokens", rule{
		message: "tokens.refreshAbsoluteSeconds must not be shorter than tokens.refreshTokenSeconds (1209600 by default): raise it, or lower refreshTokenSeconds",
		accept: created(func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens = authv1alpha1.Tokens{RefreshTokenSeconds: new(int32(3600)), RefreshAbsoluteSeconds: new(int32(3600))}
		}),
		reject: created(func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Tokens = authv1alpha1.Tokens{RefreshAbsoluteSeconds: new(int32(1209599))}
		}),
	})...)
	return append(rules, at(serverKind, ".spec.session", rule{
		message: "session.idleSeconds (default 3600) must not exceed session.absoluteSeconds (default 43200): lower the first or raise the second",
		accept: created(func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Session = authv1alpha1.Session{IdleSeconds: new(int32(600)), AbsoluteSeconds: new(int32(600))}
		}),
		reject: created(func(s *authv1alpha1.AuthorizationServer) {
			s.Spec.Session = authv1alpha1.Session{AbsoluteSeconds: new(int32(600))}
		}),
	})...)
}

// Messages of rules that servers and clients share.
const (
	implicitMessage = "response types other than code need the implicit grant: add implicit to spec.grantTypes, or leave only code in spec.responseTypes"
	codeMessage     = "response types with code need the authorization_code grant: add it to spec.grantTypes, or remove them from spec.responseTypes"
)

func displayRules() []rule {
	fields := map[string]func(*authv1alpha1.Display) *authv1alpha1.WebURI{
		".spec.display.logoURI":   func(d *authv1alpha1.Display) *authv1alpha1.WebURI { return &d.LogoURI },
		".spec.display.policyURI": func(d *authv1alpha1.Display) *authv1alpha1.WebURI { return &d.PolicyURI },
		".spec.display.tosURI":    func(d *authv1alpha1.Display) *authv1alpha1.WebURI { return &d.TosURI },
	}
	rules := at(serverKind, ".spec.scopes[].name", rule{
		message: scopeMessage,
		accept:  created(scope("https://api.example.com/invoices:read")),
		reject:  created(scope("two scopes")),
	})
	rules = append(rules, at(serverKind, ".spec.scopes[].claims[]", rule{
		message: "a claim is written with printable ASCII characters, without spaces",
		accept:  created(releasing("https://example.com/roles")),
		reject:  created(releasing("cost center")),
	}, rule{
		message: "claims must not name a claim that the protocol sets (iss, sub, aud, exp, ...): remove it",
		accept:  created(releasing("email")),
		reject:  created(releasing("sub")),
	})...)
	for path, field := range fields {
		rules = append(rules, at(serverKind, path, rule{
			message: webURIMessage,
			accept: created(func(s *authv1alpha1.AuthorizationServer) {
				*field(&s.Spec.Display) = "https://www.example.com/a"
			}),
			reject: created(func(s *authv1alpha1.AuthorizationServer) {
				*field(&s.Spec.Display) = "javascript:alert(1)"
			}),
		})...)
	}
	return rules
}

// at completes rules with the place where they are declared.
func at(kind, path string, rules ...rule) []rule {
	for i := range rules {
		rules[i].kind, rules[i].path = kind, path
	}
	return rules
}

func named(name string) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Name = name }
}

func issuer(value string) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Issuer = value }
}

func replicas(count int32) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Replicas = &count }
}

func stored(storage authv1alpha1.Storage) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Backend.Embedded.Storage = storage }
}

func sqlite(claim authv1alpha1.VolumeClaim) authv1alpha1.Storage {
	return authv1alpha1.Storage{
		Type: authv1alpha1.StorageSQLite, SQLite: &authv1alpha1.SQLiteStorage{VolumeClaim: claim},
	}
}

func postgresql() authv1alpha1.Storage {
	return authv1alpha1.Storage{
		Type: authv1alpha1.StoragePostgreSQL,
		PostgreSQL: &authv1alpha1.PostgreSQLStorage{
			ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"},
		},
	}
}

func grants(grantTypes []authv1alpha1.GrantType, responseTypes ...authv1alpha1.ResponseType) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) {
		s.Spec.GrantTypes, s.Spec.ResponseTypes = grantTypes, responseTypes
	}
}

func scope(name authv1alpha1.ScopeName) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Scopes = []authv1alpha1.Scope{{Name: name}} }
}

// releasing has a scope that releases a claim.
func releasing(claim authv1alpha1.ClaimName) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) {
		s.Spec.Scopes = []authv1alpha1.Scope{{Name: "work", Claims: []authv1alpha1.ClaimName{claim}}}
	}
}

func both(first, second serverMutation) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) {
		first(s)
		second(s)
	}
}
