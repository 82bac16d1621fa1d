package serverconfig_test

import (
	"strings"
	"testing"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/serverconfig"
)

func server(issuer string) *authv1alpha1.AuthorizationServer {
	return &authv1alpha1.AuthorizationServer{Spec: authv1alpha1.AuthorizationServerSpec{
		Issuer: issuer,
		Backend: authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{
			Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageMemory},
		}},
	}}
}

// TestRefusesWhatTheServerRefuses: objects stored under another schema must not become a crash loop.
func TestRefusesWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	if _, err := serverconfig.Render(server("http://login.example.com")); err == nil || !strings.Contains(err.Error(), "issuer") {
		t.Errorf("an http issuer gives %v", err)
	}
	bad := server("https://login.example.com")
	bad.Spec.TrustedProxies = []authv1alpha1.CIDR{"10.0.0.0"}
	if _, err := serverconfig.Render(bad); err == nil || !strings.Contains(err.Error(), "trustedProxies[0]") {
		t.Errorf("a proxy without a mask gives %v", err)
	}
}

func TestRotationRequestReachesTheServer(t *testing.T) {
	t.Parallel()
	as := server("https://login.example.com")
	as.Annotations = map[string]string{authv1alpha1.AnnotationRotateSigningKeys: "today"}
	config, err := serverconfig.Render(as)
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Backend.Embedded.SigningKeys; got.RotationRequest != "today" || got.RotationSeconds != 90*24*3600 {
		t.Errorf("signing keys are %+v", got)
	}
}
