package conformance

import (
	"slices"
	"strings"
)

// plan is a certification plan: which modules run for which response types.
type plan struct {
	name string
	runs []planRun
}

// planRun is a list of modules for one response type.
type planRun struct {
	responseType string
	modules      []string
}

// variant is what a module runs with.
type variant struct {
	responseType string
	formPost     bool
}

// has says whether the response type has the part: code, id_token or token.
func (v variant) has(part string) bool { return slices.Contains(strings.Fields(v.responseType), part) }

// frontTokens says whether the authorization endpoint returns tokens.
func (v variant) frontTokens() bool { return v.responseType != "code" }

// mode is how the client gets the answer.
func (v variant) mode() string {
	switch {
	case v.formPost:
		return modeFormPost
	case v.frontTokens():
		return modeFragment
	default:
		return modeQuery
	}
}

// Response modes.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// everywhere are the modules of every plan and response type.
func everywhere() []string {
	return []string{
		"server", "idtoken-signature",
		"scope-profile", "scope-email", "scope-address", "scope-phone", "scope-all",
		"display-page", "display-popup", "prompt-login", "prompt-none-not-logged-in", "prompt-none-logged-in",
		"max-age-1", "max-age-10000", "ensure-request-with-unknown-parameter-succeeds",
		"id-token-hint", "login-hint", "ui-locales", "claims-locales", "ensure-request-with-acr-values-succeeds",
		"ensure-registered-redirect-uri",
		"request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
		"unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
		"claims-essential", "ensure-request-object-with-redirect-uri",
	}
}

// withUserInfo are the modules of response types that lead to an access token.
func withUserInfo() []string {
	return []string{"userinfo-get", "userinfo-post-header", "userinfo-post-body"}
}

// withCode are the modules of response types with a code.
func withCode() []string {
	return []string{"codereuse", "codereuse-30seconds", "server-client-secret-post", "refresh-token"}
}

// plans lists the plans as the OpenID Foundation's suite publishes them. The form post plans repeat the others with
// another response mode.
func plans() []plan {
	without, fails := "ensure-request-without-nonce-succeeds-for-code-flow", "ensure-request-without-nonce-fails"
	return []plan{
		{"oidcc-basic", []planRun{{"code", slices.Concat(everywhere(), withUserInfo(), withCode(), []string{
			without, "response-type-missing", "idtoken-unsigned", "alternate-happy-flow", "ensure-post-request-succeeds",
			"ensure-request-with-valid-pkce-succeeds",
		})}}},
		{"oidcc-implicit", []planRun{
			{"id_token", append(everywhere(), fails, "alternate-happy-flow")},
			{"id_token token", slices.Concat(everywhere(), withUserInfo(), []string{fails, "alternate-happy-flow", "response-type-missing"})},
		}},
		{"oidcc-hybrid", []planRun{
			{"code id_token", slices.Concat(everywhere(), withUserInfo(), withCode(), []string{
				fails, "response-type-missing", "alternate-happy-flow", "ensure-request-with-valid-pkce-succeeds",
			})},
			{"code token", slices.Concat(everywhere(), withUserInfo(), withCode(), []string{without})},
			{"code id_token token", slices.Concat(everywhere(), withUserInfo(), withCode(), []string{fails})},
		}},
	}
}

// formPost is the name of the form post plan of a plan.
func formPost(plan string) string { return strings.Replace(plan, "oidcc-", "oidcc-formpost-", 1) }
