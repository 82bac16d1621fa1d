package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// TestRedirects proves that the page's policy lets the browser go where the client's redirect URI leads.
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

// TestTwoHops: the application is a broker that sends the browser on, wherever its own client is.
func TestTwoHops(t *testing.T) {
	there := make(chan string, 8)
	arrive := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			there <- r.Host
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte(`<!DOCTYPE html><html lang="en"><title>There</title><link rel="icon" href="data:,"><h1 id="there">There</h1></html>`))
	})
	secure, plain := httptest.NewTLSServer(arrive), httptest.NewServer(arrive)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	for name, last := range map[string]string{
		"https": secure.URL + "/there", "http loopback": strings.Replace(plain.URL, "127.0.0.1", "localhost", 1) + "/there",
		"private scheme": "com.example.app:/there",
	} {
		for kind, newBroker := range map[string]func(http.Handler) *httptest.Server{"https broker": httptest.NewTLSServer, "http broker": httptest.NewServer} {
			t.Run(kind+" to "+name, func(t *testing.T) {
				passed := make(chan struct{}, 8)
				broker := newBroker(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
					passed <- struct{}{}
					rw.Header().Set("Location", last)
					rw.WriteHeader(http.StatusFound)
				}))
				t.Cleanup(broker.Close)
				w := newWorld(t, func(c *authlete.Client) { c.RedirectURIs = []string{broker.URL + "/hop"} })
				tb := newTab(t) // fails on violations of the policy
				tb.open(t, w.authorizeURL(map[string]string{"redirect_uri": broker.URL + "/hop"}))
				tb.logIn(t)
				select {
				case <-passed:
				case <-time.After(patience):
					t.Fatal("the browser did not come to the broker")
				}
				if strings.HasPrefix(last, "http") {
					select {
					case <-there:
					case <-time.After(patience):
						t.Fatal("the browser did not come to the end")
					}
					tb.await(t, "#there")
					return
				}
				select { // nothing opens the scheme here
				case <-tb.failed:
					// What the page's policy has to do with it is reported before the page does anything else.
					ask[bool](t, tb, "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true))))")
				case <-time.After(patience):
					t.Fatal("the browser did not try to follow the redirect")
				}
			})
		}
	}
}

// TestRedirectURIsOfAllCharacters: what RFC 3986 allows in a URI arrives as it was registered.
func TestRedirectURIsOfAllCharacters(t *testing.T) {
	for name, rest := range map[string]string{
		"path":  "/cb/a-._~!$&'()*+,;=:@b/c%20d",
		"query": "/cb?x=a,b;c=(d)&e=!$*+:@/?-._~%2C&f=", /* browsers encode the apostrophe */
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan string, 8)
			application := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				arrived <- r.URL.RequestURI()
				rw.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = rw.Write([]byte(`<!DOCTYPE html><html lang="en"><title>Back</title><link rel="icon" href="data:,"><h1 id="back">Back</h1></html>`))
			}))
			t.Cleanup(application.Close)
			w := newWorld(t, func(c *authlete.Client) { c.RedirectURIs = []string{application.URL + rest} })
			tb := newTab(t)
			tb.open(t, w.authorizeURL(map[string]string{"redirect_uri": application.URL + rest}))
			tb.logIn(t)
			select {
			case got := <-arrived:
				code, err := url.Parse(got)
				if err != nil || !strings.HasPrefix(got, rest) || code.Query().Get("code") == "" {
					t.Errorf("arrived at %s, want %s with a code", got, rest)
				}
			case <-time.After(patience):
				t.Fatal("the browser did not come back to the application")
			}
		})
	}
}
