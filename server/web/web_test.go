package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

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

// TestPolicyLeavesTheWayToTheClientOpen: whatever characters of RFC 3986 a redirect URI has, and wherever the client goes on,
// the policy names no place for forms. It allows nothing that could put a form into the page.
func TestPolicyLeavesTheWayToTheClientOpen(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"https://app.example.com/cb?x=a,b;c='(d)'", "com.example.app:/cb", "http://[::1]:4000/cb", ""} {
		_, policy := render(t, web.AuthorizePage{RedirectURI: uri})
		if strings.Contains(policy, "form-action") || strings.Contains(policy, "script-src") || !strings.HasPrefix(policy, "default-src 'none'; ") {
			t.Errorf("%q: %s", uri, policy)
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
// TestDetails: what is asked for in detail is on the page that asks for permission, line by line, and on no other.
func TestDetails(t *testing.T) {
	t.Parallel()
	page := web.AuthorizePage{
		Client: web.Client{Name: "App"}, Consent: true,
		Details: []web.Detail{{Title: "A payment", Lines: []string{"amount: 5", "to: Bob"}}, {Title: "No more"}},
	}
	body, _ := render(t, page)
	for _, want := range []string{`<h2 id="detail-0">A payment</h2>`, "<li>amount: 5</li><li>to: Bob</li>", `<h2 id="detail-1">No more</h2>`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	page.Consent = false
	if body, _ := render(t, page); strings.Contains(body, "A payment") {
		t.Error("a page that asks for no permission shows details")
	}
}

func TestHostileContent(t *testing.T) {
	t.Parallel()
	body, _ := render(t, web.AuthorizePage{
		Client: web.Client{
			Name: "<script>1</script>", Description: `"><img src=x>`, LogoURI: "javascript:2", HomeURI: "javascript:3",
			PolicyURI: `https://x.example.com/"onmouseover="4`, TosURI: "data:text/html,5",
		},
		Scopes: []web.Scope{{Name: "<script>6</script>", Description: "</style><script>7</script>"}}, Claims: []string{"<script>8</script>"},
		Details: []web.Detail{{Title: "<script>13</script>", Lines: []string{`"><img src=x>`, "<script>14</script>"}}},
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
		Title:   "Title", Text: "Text", Detail: "Detail", Reference: "ref-1", BackURI: "https://app.example.com", BackName: "App",
	}
	rendered, err := renderer.Message(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Example Login", "https://login.example.com/logo.png", "Title", "Text", "Detail", "ref-1", `href="https://app.example.com"`, "Back to App",
	} {
		if !strings.Contains(rendered.HTML, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if !strings.Contains(rendered.Policy, "form-action 'none'") || !strings.Contains(rendered.Policy, "img-src https:") {
		t.Errorf("policy %s", rendered.Policy)
	}
}

// TestFormPost: the page sends the parameters to the byte, may run exactly its one script, and has a button.
func TestFormPost(t *testing.T) {
	t.Parallel()
	renderer, err := web.NewRenderer()
	if err != nil {
		t.Fatal(err)
	}
	page := web.FormPostPage{Action: `https://app.example.com/cb?x='(a,b);&y="<c>"`}
	page.Add("hidden", "code", `a"b<c>&d`)
	page.Add("", "state", "")
	page.Add("Submit", "press", "me")
	page.Add("hidden", "", "nameless")
	rendered, err := renderer.FormPost(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<form method="post" action="https://app.example.com/cb?x=&#39;(a,b);&amp;y=&#34;&lt;c&gt;&#34;">`,
		`name="code" value="a&#34;b&lt;c&gt;&amp;d"`, `name="state" value=""`, `<button class="primary" type="submit">`,
	} {
		if !strings.Contains(rendered.HTML, want) {
			t.Errorf("the page lacks %s:\n%s", want, rendered.HTML)
		}
	}
	if strings.Contains(rendered.HTML, "nameless") || strings.Contains(rendered.HTML, "press") && strings.Contains(rendered.HTML, `"me"`) {
		t.Error("the page sends what is no parameter")
	}
	match := regexp.MustCompile(`<script>(.*)</script>`).FindStringSubmatch(rendered.HTML)
	if len(match) != 2 || !strings.Contains(rendered.Policy, "script-src "+source(match[1])+";") {
		t.Errorf("policy %s", rendered.Policy)
	}
}
