package cel_test

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

type userMutation = func(*authv1alpha1.OAuthUser)

// userRules returns the rules of an OAuthUser.
func userRules() []rule {
	rules := at(userKind, ".spec", rule{
		message: "subject is what applications know the person by and cannot be added, changed or removed: create another OAuthUser instead",
		accept: changedUser(user(subject("u-1")), func(u *authv1alpha1.OAuthUser) {
			u.Spec.Username = "jane.doe"
		}),
		reject: changedUser(user(), subject("u-1")),
	})
	rules = append(rules, at(userKind, ".spec.serverRef", rule{
		message: "serverRef cannot be changed: create another OAuthUser for the other server",
		accept:  changedUser(user(), func(u *authv1alpha1.OAuthUser) { u.Spec.Active = new(false) }),
		reject:  changedUser(user(), func(u *authv1alpha1.OAuthUser) { u.Spec.ServerRef.Name = "other" }),
	})...)
	rules = append(rules, at(userKind, ".spec.username", rule{
		message: "username must not contain spaces or control characters",
		accept:  createdUser(username("jürgen@example.com")),
		reject:  createdUser(username("jane\u00a0doe")),
	})...)
	rules = append(rules, at(userKind, ".spec.subject", rule{
		message: "subject must be printable ASCII without spaces",
		accept:  createdUser(subject("auth0|507f1f77bcf86cd799439011")),
		reject:  createdUser(subject("jane doe")),
	})...)
	return append(rules, claimRules()...)
}

func claimRules() []rule {
	rules := at(userKind, ".spec.claims.email", rule{
		message: "email must have one @ with text on both sides and no spaces, for example jane@example.com",
		accept:  createdUser(claims(authv1alpha1.Claims{Email: "jane@example.com"})),
		reject:  createdUser(claims(authv1alpha1.Claims{Email: "jane.example.com"})),
	})
	rules = append(rules, at(userKind, ".spec.claims.birthdate", rule{
		message: "birthdate must be written YYYY-MM-DD, or YYYY for the year alone, or 0000-MM-DD without the year",
		accept:  createdUser(claims(authv1alpha1.Claims{Birthdate: "0000-02-29"})),
		reject:  createdUser(claims(authv1alpha1.Claims{Birthdate: "29.2.2000"})),
	})...)
	rules = append(rules, at(userKind, ".spec.extraClaims[].name", rule{
		message: "extraClaims must not have a reserved name (iss, sub, aud, exp, ...) or one with a field of its own (spec.claims, groups): rename the claim",
		accept:  createdUser(extraClaim("https://example.com/roles", `["admin", {"level": 3}]`)),
		reject:  createdUser(extraClaim("sub", `"somebody-else"`)),
	})...)
	fields := map[string]func(*authv1alpha1.Claims) *authv1alpha1.WebURI{
		".spec.claims.picture": func(c *authv1alpha1.Claims) *authv1alpha1.WebURI { return &c.Picture },
		".spec.claims.profile": func(c *authv1alpha1.Claims) *authv1alpha1.WebURI { return &c.Profile },
		".spec.claims.website": func(c *authv1alpha1.Claims) *authv1alpha1.WebURI { return &c.Website },
	}
	for path, field := range fields {
		rules = append(rules, at(userKind, path, rule{
			message: webURIMessage,
			accept:  createdUser(func(u *authv1alpha1.OAuthUser) { *field(&u.Spec.Claims) = "https://jane.example.com" }),
			reject:  createdUser(func(u *authv1alpha1.OAuthUser) { *field(&u.Spec.Claims) = "jane.example.com" }),
		})...)
	}
	return rules
}

func subject(value string) userMutation {
	return func(u *authv1alpha1.OAuthUser) { u.Spec.Subject = value }
}

func username(value string) userMutation {
	return func(u *authv1alpha1.OAuthUser) { u.Spec.Username = value }
}

func claims(value authv1alpha1.Claims) userMutation {
	return func(u *authv1alpha1.OAuthUser) { u.Spec.Claims = value }
}

func extraClaim(name, value string) userMutation {
	return func(u *authv1alpha1.OAuthUser) {
		u.Spec.ExtraClaims = []authv1alpha1.ExtraClaim{{Name: name, Value: apiextensionsv1.JSON{Raw: []byte(value)}}}
	}
}
