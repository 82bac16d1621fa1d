package browser_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

func TestFormPost(t *testing.T) {
	w := newWorld(t, nil)
	formPost := map[string]string{"response_mode": "form_post"}

	t.Run("script", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(formPost))
		tb.logIn(t)
		w.wantCode(t, http.MethodPost)
		tb.await(t, "#back")
	})

	t.Run("no script", func(t *testing.T) {
		tb := newTab(t)
		tb.do(t, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
		tb.open(t, w.authorizeURL(formPost))
		tb.await(t, username+":focus")
		tb.keys(t, "alice", kb.Tab, servertest.Password, kb.Enter)
		tb.await(t, `form[action$="/callback"] button`)
		select {
		case a := <-w.arrivals:
			t.Fatalf("the form was sent without the button: %v", a)
		default:
		}
		tb.keys(t, kb.Tab, kb.Enter)
		w.wantCode(t, http.MethodPost)
		tb.await(t, "#back")
	})
}

// foreignForm answers with a page that another backend made.
type foreignForm struct {
	authlete.Runtime

	content string
}

func (f *foreignForm) AuthorizationIssue(ctx context.Context, req *authlete.AuthorizationIssueRequest) (*authlete.AuthorizationIssueResponse, error) {
	response, err := f.Runtime.AuthorizationIssue(ctx, req)
	if err == nil {
		response.Action, response.ResponseContent = authlete.AuthorizationIssueForm, f.content
	}
	return response, err
}

// TestFormOfAnotherBackend: whatever script its page has, or none, the parameters arrive at the application.
func TestFormOfAnotherBackend(t *testing.T) {
	const inputs = `<input type="hidden" name="code" value="c-1"/><input type="hidden" name="state" value="state-1"/>`
	for name, content := range map[string]string{
		"onload":       `<html><body onload="javascript:document.forms[0].submit()"><form method="post" action="@">` + inputs + `</form></body></html>`,
		"other script": `<html><body><form method="post" action="@">` + inputs + `</form><script>document.forms[0].submit();</script></body></html>`,
		"our script":   `<form method="post" action="@">` + inputs + `</form><script>` + authlete.FormPostScript + `</script>`,
		"button only":  `<form method="post" action="@">` + inputs + `<input type="submit" value="Go"></form>`,
	} {
		t.Run(name, func(t *testing.T) {
			backend := &foreignForm{}
			w := newWorldOn(t, servertest.Options{Backend: func(runtime authlete.Runtime) authlete.Runtime {
				backend.Runtime = runtime
				return backend
			}}, nil)
			backend.content = strings.Replace(content, "@", w.base+"/callback", 1)
			tb := newTab(t)
			tb.open(t, w.authorizeURL(map[string]string{"response_mode": "form_post"}))
			tb.logIn(t)
			w.wantCode(t, http.MethodPost)
			tb.await(t, "#back")
		})
	}
}

// TestNoCSPViolation proves that violations are noticed, and that the pages cause none and are styled. Every other test
// with newTab fails on violations too.
func TestNoCSPViolation(t *testing.T) {
	w := newWorld(t, nil)

	t.Run("noticed", func(t *testing.T) {
		tb := openTab(t)
		tb.open(t, w.base+"/violation")
		if got := strings.Join(tb.seen(), "\n"); !strings.Contains(got, "Content Security Policy") || !strings.Contains(got, "securitypolicyviolation") {
			t.Fatalf("a page that violates its policy was not noticed, only: %s", got)
		}
	})

	t.Run("login", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(nil))
		tb.wantStyled(t)
	})

	t.Run("message", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(map[string]string{"client_id": "nobody"}))
		tb.wantStyled(t)
	})
}

// wantStyled fails the test unless the style sheet is in force.
func (tb *tab) wantStyled(t *testing.T) {
	t.Helper()
	tb.await(t, "h1")
	got := ask[string](t, tb, `getComputedStyle(document.body).display + " " + getComputedStyle(document.querySelector("main")).maxWidth`)
	if got != "flex 448px" {
		t.Errorf("the computed style is %q, want that of the style sheet", got)
	}
}
