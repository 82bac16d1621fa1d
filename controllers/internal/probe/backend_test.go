package probe_test

import (
	"context"
	"errors"
	"testing"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/probe"
	"github.com/authserver-dev/operator/internal/authlete"
)

// backend notes which call was made.
type backend struct {
	authlete.Management
	called string
	err    error
}

func (b *backend) Connect(context.Context, *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	return b, nil
}

func (b *backend) ServiceGet(context.Context) (*authlete.Service, error) {
	b.called = "service/get"
	return nil, b.err
}

func (b *backend) ClientList(_ context.Context, start, end int) (*authlete.ClientListResponse, error) {
	if b.called = "client/get/list"; start != 0 || end != 1 {
		b.called = "too much of client/get/list"
	}
	return nil, b.err
}

// TestBackend: Authlete is asked with the credentials of the service, which in the API 2.x may not read its settings.
func TestBackend(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	for name, test := range map[string]struct {
		authlete *authv1alpha1.AuthleteBackend
		err      error
		called   string
	}{
		"embedded":       {nil, nil, "service/get"},
		"embedded, away": {nil, away, "service/get"},
		"Authlete":       {&authv1alpha1.AuthleteBackend{}, nil, "client/get/list"},
		"Authlete, away": {&authv1alpha1.AuthleteBackend{}, away, "client/get/list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := &backend{err: test.err}
			server := &authv1alpha1.AuthorizationServer{}
			server.Spec.Backend.Authlete = test.authlete
			if err := (probe.HTTP{Connector: played}).Backend(t.Context(), server); !errors.Is(err, test.err) || played.called != test.called {
				t.Errorf("called %s, error %v", played.called, err)
			}
		})
	}
}
