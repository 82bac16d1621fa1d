package federation_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/federation"
)

// backend answers with what a test says.
type backend struct {
	answer *authlete.FederationConfigurationResponse
	err    error
	asked  []string
}

func (b *backend) FederationConfiguration(
	_ context.Context, req *authlete.FederationConfigurationRequest,
) (*authlete.FederationConfigurationResponse, error) {
	b.asked = req.EntityTypes
	return b.answer, b.err
}

func TestEntityConfiguration(t *testing.T) {
	t.Parallel()
	const statement, none = "eyJ0eXAi.e30.c2ln", `{"error":"not_found"}`
	answer := func(action authlete.FederationConfigurationAction, content string) *authlete.FederationConfigurationResponse {
		return &authlete.FederationConfigurationResponse{Action: action, ResponseContent: content}
	}
	for name, test := range map[string]struct {
		backend     backend
		status      int
		contentType string
		body        string
	}{
		"OK":         {backend{answer: answer("OK", statement)}, 200, "application/entity-statement+jwt", statement},
		"NOT_FOUND":  {backend{answer: answer("NOT_FOUND", none)}, 404, "application/json", none},
		"an error":   {backend{answer: answer("INTERNAL_SERVER_ERROR", `{"error":"x"}`)}, 500, "application/json", `{"error":"x"}`},
		"no content": {backend{answer: answer("OK", "")}, 500, "application/json", ""},
		"another":    {backend{answer: answer("TELEPORT", "x")}, 500, "application/json", ""},
		"away":       {backend{err: errors.New("no route")}, 503, "application/json", ""},
		"a backend that is older than the call": {
			backend{err: &authlete.Error{Status: http.StatusNotFound}},
			404, "application/json",
			`{"error":"not_found","error_description":"This server takes part in no federation."}`,
		},
		"a backend that refuses the server": {backend{err: &authlete.Error{Status: http.StatusForbidden}}, 500, "application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			federation.New(&test.backend).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			if w.Code != test.status || w.Header().Get("Content-Type") != test.contentType || (test.body != "" && w.Body.String() != test.body) {
				t.Errorf("%d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if !slices.Equal(test.backend.asked, []string{"OPENID_PROVIDER"}) {
				t.Errorf("asked as %q", test.backend.asked)
			}
		})
	}
}
