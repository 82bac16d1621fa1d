package oauthclient

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/internal/authlete"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDefaultRegistration: what is registered for a client that names redirect URIs only. The foreign clients of
// test/clients run as exactly this client.
func TestDefaultRegistration(t *testing.T) {
	t.Parallel()
	for file, spec := range map[string]authv1alpha1.OAuthClientSpec{
		"client.json":        {RedirectURIs: []authv1alpha1.RedirectURI{"https://app.example.com/auth/callback/server"}},
		"client-public.json": {RedirectURIs: []authv1alpha1.RedirectURI{"https://app.example.com/callback"}, TokenEndpointAuthMethod: "none"},
	} {
		client := &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "app", UID: "uid"}, Spec: spec}
		declared, err := settings.OfClient(client)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(marked(settings.Merge(&authlete.Client{}, declared), client), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("..", "..", "test", "clients", "testdata", file)
		if *update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Errorf("%s (-golden +registered):\n%s", file, diff)
		}
	}
}
