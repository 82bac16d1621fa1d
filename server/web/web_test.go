package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/web"
)

// render returns the page and its policy.
func render(t *testing.T, page web.AuthorizePage) (body, policy string) {
	t.Helper()
	renderer, err := web.NewRenderer()
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := renderer.Authorize(page)
	if err != nil {
		t.Fatal(err)
	}
	return rendered.HTML, rendered.Policy
}

func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// TestPolicyAllowsTheStyleSheet: browsers hash what stands between the tags, to the byte.
func TestPolicyAllowsTheStyleSheet(t *testing.T) {
	t.Parallel()
	body, policy := render(t, web.AuthorizePage{Client: web.Client{Name: "App"}})
	match := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(body)
	if len(match) != 2 || !strings.Contains(policy, "style-src "+source(match[1])) {
		t.Errorf("the policy %s does not allow the style sheet of the page", policy)
	}
	for _, inline := range []string{" style=", " onclick=", "<script", "javascript:"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page holds %q, which its policy forbids", inline)
		}
	}
}

func TestFormAction(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://app.example.com/cb?x=1": "'self' https://app.example.com https:",
		"https://app.example.com:8443":   "'self' https://app.example.com:8443 https:",
		"http://127.0.0.1:4000/cb":       "'self' http://127.0.0.1:4000 http:",
		"http://[::1]:4000/cb":           "'self' http:",
		"com.example.app:/cb":            "'self' com.example.app:",
		"com.example.app://host/cb":      "'self' com.example.app:",
		"https://a.example.com; x":       "'self'",
		"https://a.example.com, *":       "'self'",
		"":                               "'self'",
		"://":                            "'self'",
	} {
		_, policy := render(t, web.AuthorizePage{RedirectURI: uri})
		_, got, _ := strings.Cut(policy, "form-action ")
		if got != want {
			t.Errorf("%q: form-action %s, want %s", uri, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page                    web.AuthorizePage
		title, yes, no, goingTo string
	}{
		"consent": {
			web.AuthorizePage{Client: web.Client{Name: "App"}, Consent: true, LoginRequired: true, RedirectURI: "https://app.example.com/cb"},
			"App asks for access", "Authorize", "Deny", "app.example.com",
		},
		"login": {
			web.AuthorizePage{Client: web.Client{Name: "App"}, LoginRequired: true, RedirectURI: "com.example.app:/cb"},
			"Log in to App", "Log in", "Cancel", "an application on this device (com.example.app)",
		},
		"account": {
			web.AuthorizePage{Client: web.Client{Name: "App"}, RedirectURI: "http://localhost:3000/"},
			"Continue to App", "Continue", "Cancel", "an application on this device (localhost:3000)",
		},
		"nowhere": {web.AuthorizePage{Client: web.Client{Name: "App"}}, "Continue to App", "Continue", "Cancel", ""},
	} {
		got := [4]string{test.page.Title(), test.page.Yes(), test.page.No(), test.page.Destination()}
		if got != [4]string{test.title, test.yes, test.no, test.goingTo} {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestHostileContent: what clients say about themselves is text, never markup, and links lead to web pages only.
func TestHostileContent(t *testing.T) {
	t.Parallel()
	body, _ := render(t, web.AuthorizePage{
		Client: web.Client{
			Name: "<script>1</script>", Description: `"><img src=x>`, LogoURI: "javascript:2", HomeURI: "javascript:3",
			PolicyURI: `https://x.example.com/"onmouseover="4`, TosURI: "data:text/html,5",
		},
		Scopes: []web.Scope{{Name: "<script>6</script>", Description: "</style><script>7</script>"}}, Claims: []string{"<script>8</script>"},
		Consent: true, LoginRequired: true, Username: `"autofocus onfocus="9`, Problem: "<script>10</script>",
		Interaction: `"><script>11</script>`, RedirectURI: "https://<script>12</script>",
	})
	for _, bad := range []string{"<script", `"onmouseover`, "javascript:2", "javascript:3", `" onfocus`, "<img src=x", "data:text"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	renderer, err := web.NewRenderer()
	if err != nil {
		t.Fatal(err)
	}
	page := web.MessagePage{
		Service: web.Service{Name: "Example Login", LogoURI: "https://login.example.com/logo.png"},
		Title:   "Title", Text: "Text", Detail: "Detail", BackURI: "https://app.example.com", BackName: "App",
	}
	rendered, err := renderer.Message(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Example Login", "https://login.example.com/logo.png", "Title", "Text", "Detail", `href="https://app.example.com"`, "Back to App",
	} {
		if !strings.Contains(rendered.HTML, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if !strings.Contains(rendered.Policy, "form-action 'none'") || !strings.Contains(rendered.Policy, "img-src https:") {
		t.Errorf("policy %s", rendered.Policy)
	}
}

// TestFormPost: of the page that the backend makes, exactly its one script may run.
func TestFormPost(t *testing.T) {
	t.Parallel()
	renderer, err := web.NewRenderer()
	if err != nil {
		t.Fatal(err)
	}
	rendered := renderer.FormPost("<form></form>")
	policy := rendered.Policy
	if !strings.Contains(policy, "script-src "+source(authlete.FormPostScript)) || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %s", policy)
	}
	if rendered.HTML != "<form></form>" {
		t.Errorf("the page became %s", rendered.HTML)
	}
}
