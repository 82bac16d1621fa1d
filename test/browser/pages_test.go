package browser_test

import (
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/authserver-dev/operator/internal/authlete"
)

// shown is a page that the looks and the accessibility tests judge.
type shown struct {
	name string
	open func(*testing.T, *tab)
}

// shownPages are every kind of page, with ordinary and with hostile content.
func shownPages(t *testing.T) []shown {
	t.Helper()
	plain, hostile, firstParty := newWorld(t, nil), newWorld(t, hostileClient(logo(t))), newWorld(t, func(c *authlete.Client) {
		c.Attributes = []authlete.Pair{{Key: authlete.AttributeFirstParty, Value: "true"}}
	})
	consent := map[string]string{"prompt": "consent"}
	return []shown{
		{"login", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, plain.authorizeURL(nil))
		}},
		{"login-only", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, firstParty.authorizeURL(nil))
		}},
		{"wrong-password", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, plain.authorizeURL(nil))
			tb.await(t, username+":focus")
			tb.keys(t, "alice", kb.Tab, "not the password", kb.Enter)
			tb.await(t, "#problem")
		}},
		{"consent", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, plain.authorizeURL(nil))
			tb.logIn(t)
			plain.wantCode(t, http.MethodGet)
			tb.await(t, "#back")
			tb.open(t, plain.authorizeURL(consent))
			tb.await(t, another)
		}},
		{"long", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, hostile.authorizeURL(map[string]string{"scope": "openid profile email " + longScope}))
		}},
		{"message", func(t *testing.T, tb *tab) {
			t.Helper()
			tb.open(t, plain.authorizeURL(map[string]string{"client_id": strings.Repeat("nobody", 20)}))
		}},
	}
}

// hostileClient has everything that can be shown, and too much of it.
func hostileClient(logoURI string) func(*authlete.Client) {
	return func(c *authlete.Client) {
		c.ClientName = "The Extraordinarily Comprehensive Organizational Document Management Suite of Donaudampfschifffahrtsgesellschaftskapitänsmütze"
		c.Description = "Keeps " + strings.Repeat("every-document-", 12) + " in order, for everybody who has documents and needs them to be in order"
		c.LogoURI, c.ClientURI = logoURI, "https://documents.example.com"
		c.PolicyURI, c.TosURI = "https://documents.example.com/privacy", "https://documents.example.com/terms"
	}
}

// logo serves a picture by HTTPS, which the pages' policy demands.
func logo(t *testing.T) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for x := range 96 {
		for y := range 96 {
			picture.Set(x, y, color.RGBA{R: 0x0b, G: uint8(0x60 + x), B: uint8(0x60 + y), A: 0xff})
		}
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "image/png")
		_ = png.Encode(rw, picture) // the browser is gone if this fails
	}))
	t.Cleanup(server.Close)
	return server.URL + "/logo.png"
}
