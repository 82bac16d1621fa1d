package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
)

// TestRedirects proves that the page's form-action lets the browser go where the client's redirect URI leads.
func TestRedirects(t *testing.T) {
	t.Run("redirect URI left out", func(t *testing.T) {
		w := newWorld(t, nil)
		tb := newTab(t)
		tb.open(t, w.authorizeURL(map[string]string{"redirect_uri": "", "scope": "profile"}))
		tb.logIn(t)
		w.wantCode(t, http.MethodGet)
		tb.await(t, "#back")
	})

	t.Run("the application redirects to another origin", func(t *testing.T) {
		w := newWorld(t, func(c *authlete.Client) {
			c.RedirectURIs[0] = strings.Replace(c.RedirectURIs[0], "/callback", "/hop", 1)
		})
		tb := newTab(t)
		tb.open(t, w.authorizeURL(map[string]string{"redirect_uri": w.base + "/hop"}))
		tb.logIn(t)
		w.wantCode(t, http.MethodGet)
		tb.await(t, "#back")
	})
}
