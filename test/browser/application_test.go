package browser_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// patience is how long a browser may take for a step on a busy machine.
const patience = 60 * time.Second

// arrival is a response of the authorization server as the application saw it.
type arrival struct {
	method     string
	parameters url.Values
}

// world is an authorization server with an application that uses it.
type world struct {
	server   *servertest.Server
	base     string
	arrivals chan arrival
}

// newWorld starts both. change alters the client before it is registered.
func newWorld(t *testing.T, change func(*authlete.Client)) *world {
	t.Helper()
	return newWorldOn(t, servertest.Options{}, change)
}

// newWorldOn is newWorld with options for the server.
func newWorldOn(t *testing.T, options servertest.Options, change func(*authlete.Client)) *world {
	t.Helper()
	w := &world{arrivals: make(chan arrival, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("/callback", func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		parameters := r.URL.Query()
		if r.Method == http.MethodPost {
			parameters = r.PostForm
		}
		w.arrivals <- arrival{method: r.Method, parameters: parameters}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte(`<!DOCTYPE html><html lang="en"><title>Back</title><link rel="icon" href="data:,"><h1 id="back">Back</h1></html>`))
	})
	// Many applications go on to another origin of theirs at once.
	mux.HandleFunc("/hop", func(rw http.ResponseWriter, r *http.Request) {
		there := strings.Replace(w.base, "127.0.0.1", "localhost", 1) + "/callback?" + r.URL.RawQuery
		http.Redirect(rw, r, there, http.StatusSeeOther)
	})
	mux.HandleFunc("/violation", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-AAAA'")
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte(`<!DOCTYPE html><html lang="en"><title>Bad</title><style>h1 { color: red }</style><h1>Bad</h1></html>`))
	})
	application := httptest.NewServer(mux)
	t.Cleanup(application.Close)
	w.base = application.URL
	options.Configure = describeScopes
	w.server = servertest.Start(t, options)
	w.server.Client(t, func(c *authlete.Client) {
		c.RedirectURIs = []string{w.base + "/callback"}
		if change != nil {
			change(c)
		}
	})
	return w
}

// describeScopes offers scopes with texts, among them hostile ones: very long, and without a place to break.
func describeScopes(c *configv1alpha1.ServerConfig) {
	c.Service.Scopes = []configv1alpha1.Scope{
		{Name: "openid", Description: "Know who you are"},
		{Name: "profile", Description: "Read your name and picture"},
		{Name: "email", Description: "Read your email address"},
		{Name: longScope, Description: "Read, change and delete every document in every folder of every organization that you belong to, also while you are away"},
	}
}

const longScope = "https://documents.example.com/auth/organizations.folders.documents.everything.read.write.delete"

// authorizeURL is where the application sends a person, with the parameters of servertest.Query changed by those given.
func (w *world) authorizeURL(parameters map[string]string) string {
	all := map[string]string{"redirect_uri": w.base + "/callback"}
	maps.Copy(all, parameters)
	return w.server.URL + "/api/authorization?" + servertest.Query(all).Encode()
}

// arrived waits for the browser to come back to the application.
func (w *world) arrived(t *testing.T) arrival {
	t.Helper()
	select {
	case a := <-w.arrivals:
		return a
	case <-time.After(patience):
		t.Fatal("the browser did not come back to the application")
		return arrival{}
	}
}

// wantCode fails the test unless the application has received a code by the method.
func (w *world) wantCode(t *testing.T, method string) {
	t.Helper()
	a := w.arrived(t)
	if a.method != method || a.parameters.Get("code") == "" || a.parameters.Get("state") != "state-1" {
		t.Fatalf("the application received %s with %v, want %s with code and state", a.method, a.parameters, method)
	}
}

// wantError fails the test unless the application has received the error.
func (w *world) wantError(t *testing.T, code string) {
	t.Helper()
	a := w.arrived(t)
	if a.parameters.Get("error") != code || a.parameters.Has("code") {
		t.Fatalf("the application received %v, want error=%s", a.parameters, code)
	}
}
