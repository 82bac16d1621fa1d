package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

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
