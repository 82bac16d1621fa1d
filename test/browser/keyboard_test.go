package browser_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/authserver-dev/operator/test/servertest"
)

const (
	username  = `input[name="username"]`
	password  = `input[name="password"]`
	authorize = `button[name="authorized"]`
	deny      = `button[name="denied"]`
	another   = `button[name="switch"]`
)

// logIn logs in as alice from the page's first focus, by keyboard.
func (tb *tab) logIn(t *testing.T) {
	t.Helper()
	tb.await(t, username+":focus")
	tb.keys(t, "alice")
	tb.tabTo(t, password)
	tb.keys(t, servertest.Password)
	tb.tabTo(t, authorize)
	tb.keys(t, kb.Enter)
}

func TestKeyboardLogin(t *testing.T) {
	w := newWorld(t, nil)

	t.Run("authorize", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(nil))
		tb.logIn(t)
		w.wantCode(t, http.MethodGet)
		tb.await(t, "#back")

		tb.open(t, w.authorizeURL(map[string]string{"prompt": "consent"}))
		tb.tabTo(t, another)
		tb.tabTo(t, authorize)
		tb.tabTo(t, deny)
		tb.keys(t, kb.Enter)
		w.wantError(t, "access_denied")
		tb.await(t, "#back")

		tb.open(t, w.authorizeURL(map[string]string{"prompt": "consent"}))
		tb.tabTo(t, another)
		tb.keys(t, kb.Enter)
		tb.logIn(t)
		w.wantCode(t, http.MethodGet)
		tb.await(t, "#back")
	})

	t.Run("deny", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(nil))
		tb.await(t, username+":focus")
		tb.tabTo(t, password)
		tb.tabTo(t, authorize)
		tb.tabTo(t, deny)
		tb.keys(t, kb.Enter)
		w.wantError(t, "access_denied")
		tb.await(t, "#back")
	})

	// Enter in a field presses the first submit button of the form in tree order (HTML, implicit submission).
	t.Run("enter in the password field", func(t *testing.T) {
		tb := newTab(t)
		tb.open(t, w.authorizeURL(nil))
		tb.await(t, username+":focus")
		tb.keys(t, "alice", kb.Tab, servertest.Password, kb.Enter)
		w.wantCode(t, http.MethodGet)
		tb.await(t, "#back")
	})
}

func TestLoginHint(t *testing.T) {
	w := newWorld(t, nil)
	tb := newTab(t)
	tb.open(t, w.authorizeURL(map[string]string{"login_hint": "alice"}))
	tb.await(t, password+":focus")
	tb.keys(t, servertest.Password, kb.Enter)
	w.wantCode(t, http.MethodGet)
	tb.await(t, "#back")
}

func TestWrongPassword(t *testing.T) {
	w := newWorld(t, nil)
	tb := newTab(t)
	tb.open(t, w.authorizeURL(nil))
	tb.await(t, username+":focus")
	tb.keys(t, "alice", kb.Tab, "not the password", kb.Enter)
	tb.await(t, `#problem[role="alert"]`)
	tb.await(t, password+":focus")
	if got := ask[string](t, tb, `document.querySelector("#problem").innerText`); got != "The login ID or the password is not correct." {
		t.Errorf("the message is %q", got)
	}
	if got := ask[string](t, tb, `document.querySelector("#username").value`); got != "alice" {
		t.Errorf("the login ID is %q, want the one that was typed", got)
	}
	if got := ask[string](t, tb, `document.querySelector("#password").value`); got != "" {
		t.Errorf("the password field holds %q, want nothing", got)
	}
	tb.keys(t, servertest.Password, kb.Enter)
	w.wantCode(t, http.MethodGet)
	tb.await(t, "#back")
}
