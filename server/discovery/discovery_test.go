package discovery_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/authserver-dev/operator/server/discovery"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document string
		err      error
		status   int
		cache    string
	}{
		"document": {`{"issuer":"x"}`, nil, http.StatusOK, "public, max-age=300"},
		"outage":   {"", errors.New("no route"), http.StatusServiceUnavailable, "no-store"},
	} {
		w := httptest.NewRecorder()
		discovery.Document(func(context.Context) ([]byte, error) { return []byte(test.document), test.err }).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		if w.Code != test.status || w.Header().Get("Cache-Control") != test.cache || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if test.err == nil && w.Body.String() != test.document {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body.String())
		}
	}
}

// TestClasses: whatever a backend publishes about classes of logins, this server says what it keeps.
func TestClasses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ document, class, want string }{
		"none, none":             {`{"issuer": "x"}`, "", `{"issuer": "x"}`},
		"published, none kept":   {`{"acr_values_supported":["1"],"claims_supported":["sub","acr"],"issuer":"x"}`, "", `{"claims_supported":["sub"],"issuer":"x"}`},
		"the same":               {`{"acr_values_supported": ["a"], "claims_supported":["acr"]}`, "a", `{"acr_values_supported": ["a"], "claims_supported":["acr"]}`},
		"others":                 {`{"acr_values_supported":["1","a"]}`, "a", `{"acr_values_supported":["a"]}`},
		"not published":          {`{"claims_supported":["sub"]}`, "a", `{"acr_values_supported":["a"],"claims_supported":["sub","acr"]}`},
		"an empty list":          {`{"acr_values_supported":[]}`, "", `{}`},
		"something of its own":   {`{"acr_values_supported":7}`, "", `{}`},
		"a document that is not": {`[]`, "a", `[]`},
		"nothing":                {``, "a", ``},
	} {
		document := []byte(test.document)
		read := discovery.Classes(func(context.Context) ([]byte, error) { return document, nil }, test.class)
		for range 2 {
			got, err := read(t.Context())
			if err != nil || string(got) != test.want {
				t.Errorf("%s: %s, %v; want %s", name, got, err, test.want)
			}
		}
		document = []byte(`{"acr_values_supported":["new"],"x":1}`)
		got, err := read(t.Context())
		if want := map[bool]string{true: `{"x":1}`, false: `{"acr_values_supported":["a"],"x":1}`}[test.class == ""]; err != nil || string(got) != want {
			t.Errorf("%s: a new document became %s, %v", name, got, err)
		}
	}
	down := errors.New("down")
	if _, err := discovery.Classes(func(context.Context) ([]byte, error) { return nil, down }, "a")(t.Context()); !errors.Is(err, down) {
		t.Errorf("an outage became %v", err)
	}
}
