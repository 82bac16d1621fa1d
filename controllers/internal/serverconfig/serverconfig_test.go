package serverconfig_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
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
	if got := config.Backend.Embedded.Signing; got.RotationRequest != "today" || *got.RotationSeconds != 90*24*3600 {
		t.Errorf("signing keys are %+v", got)
	}
}

func TestClientCertificatesReachTheServer(t *testing.T) {
	t.Parallel()
	as := server("https://login.example.com")
	for _, mode := range []authv1alpha1.ClientCertificateMode{"", authv1alpha1.ClientCertificatesIgnore, authv1alpha1.ClientCertificatesRequest} {
		as.Spec.TLS = &authv1alpha1.TLS{CertificateSecretRef: authv1alpha1.SecretReference{Name: "tls"}, ClientCertificates: mode}
		config, err := serverconfig.Render(as)
		if err != nil {
			t.Fatal(err)
		}
		if string(config.ClientCertificates) != string(mode) {
			t.Errorf("%q became %q", mode, config.ClientCertificates)
		}
	}
}

// authleted returns a server with Authlete as its backend.
func authleted(a authv1alpha1.AuthleteBackend) *authv1alpha1.AuthorizationServer {
	as := server("https://login.example.com")
	a.CredentialsSecretRef.Name = "authlete"
	as.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &a}
	return as
}

// TestPostgreSQLCertificates: the configuration names the files that are mounted, and no others.
func TestPostgreSQLCertificates(t *testing.T) {
	t.Parallel()
	const folder = "/etc/authserver/secrets/postgresql"
	for name, test := range map[string]struct {
		tls  authv1alpha1.PostgreSQLTLS
		want configv1alpha1.PostgreSQLStorage
	}{
		"none": {authv1alpha1.PostgreSQLTLS{}, configv1alpha1.PostgreSQLStorage{ConnectionFile: folder + "/url", MaxConnections: 10}},
		"both": {
			authv1alpha1.PostgreSQLTLS{
				CASecretRef: &authv1alpha1.SecretKeyReference{Name: "ca"}, ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
			},
			configv1alpha1.PostgreSQLStorage{
				ConnectionFile: folder + "/url", MaxConnections: 10, CAFile: folder + "-ca/ca.crt",
				ClientCertificate: &configv1alpha1.TLSFiles{CertFile: folder + "-client/tls.crt", KeyFile: folder + "-client/tls.key"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as := server("https://login.example.com")
			as.Spec.Backend.Embedded = &authv1alpha1.EmbeddedBackend{Storage: authv1alpha1.Storage{
				Type: authv1alpha1.StoragePostgreSQL, PostgreSQL: &authv1alpha1.PostgreSQLStorage{
					ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database"}, TLS: test.tls,
				},
			}}
			config, err := serverconfig.Render(as)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, config.Backend.Embedded.Storage.PostgreSQL); diff != "" {
				t.Errorf("storage (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthlete(t *testing.T) {
	t.Parallel()
	const folder = "/etc/authserver/secrets/authlete"
	for name, test := range map[string]struct {
		spec authv1alpha1.AuthleteBackend
		want configv1alpha1.AuthleteBackend
	}{
		"credentials only": {
			authv1alpha1.AuthleteBackend{},
			configv1alpha1.AuthleteBackend{CredentialsDirectory: folder, ConnectSeconds: 5, RequestSeconds: 10},
		},
		"everything": {
			authv1alpha1.AuthleteBackend{
				ConnectTimeoutSeconds: new(int32(1)), RequestTimeoutSeconds: new(int32(15)), ProxyURL: "socks5://proxy.example.com:1080",
				TLS: authv1alpha1.AuthleteTLS{
					CASecretRef: &authv1alpha1.SecretKeyReference{Name: "ca"}, ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "client"},
				},
			},
			configv1alpha1.AuthleteBackend{
				CredentialsDirectory: folder, ConnectSeconds: 1, RequestSeconds: 15, ProxyURL: "socks5://proxy.example.com:1080",
				CAFile: folder + "-ca/ca.crt",
				ClientCertificate: &configv1alpha1.TLSFiles{
					CertFile: folder + "-client/tls.crt", KeyFile: folder + "-client/tls.key",
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := serverconfig.Render(authleted(test.spec))
			if err != nil {
				t.Fatal(err)
			}
			want := configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete, Authlete: &test.want}
			if diff := cmp.Diff(want, config.Backend); diff != "" {
				t.Errorf("backend (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := serverconfig.Render(authleted(authv1alpha1.AuthleteBackend{ProxyURL: "ftp://proxy.example.com"})); err == nil {
		t.Error("an FTP proxy is accepted")
	}
}

// TestSettingsAtAuthleteRestartNothing: what is compared with the service there is nothing that a pod reads.
func TestSettingsAtAuthleteRestartNothing(t *testing.T) {
	t.Parallel()
	plain := authleted(authv1alpha1.AuthleteBackend{})
	changed := authleted(authv1alpha1.AuthleteBackend{Management: authv1alpha1.ManagementEnforce})
	changed.Spec.Tokens.AccessTokenSeconds = new(int32(600))
	changed.Spec.PKCE.Required = authv1alpha1.PKCEAlways
	changed.Spec.Scopes = []authv1alpha1.Scope{{Name: "invoices"}}
	changed.Spec.GrantTypes = []authv1alpha1.GrantType{authv1alpha1.GrantAuthorizationCode}
	before, err := serverconfig.Render(plain)
	if err != nil {
		t.Fatal(err)
	}
	after, err := serverconfig.Render(changed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the configuration changed (-before +after):\n%s", diff)
	}
	changed.Spec.Scopes[0].Claims = []authv1alpha1.ClaimName{"department"}
	if after, err = serverconfig.Render(changed); err != nil || !cmp.Equal(after.Service.Scopes, []configv1alpha1.Scope{
		{Name: "invoices", Claims: []string{"department"}, Grant: configv1alpha1.ScopeOnRequest},
	}) {
		t.Errorf("scopes that release claims: %+v, error %v", after.Service.Scopes, err)
	}
	changed.Spec.Display.ServiceName = "Login"
	if after, err = serverconfig.Render(changed); err != nil || after.Service.Name != "Login" {
		t.Errorf("the pages' name is %q, error %v", after.Service.Name, err)
	}
}

// TestScopesReachTheServer: with their claims, and the standard ones with the same words as in the file's defaults.
func TestScopesReachTheServer(t *testing.T) {
	t.Parallel()
	as := server("https://login.example.com")
	config, err := serverconfig.Render(as)
	if err != nil {
		t.Fatal(err)
	}
	plain := &configv1alpha1.ServerConfig{}
	configv1alpha1.Default(plain)
	if diff := cmp.Diff(plain.Service.Scopes, config.Service.Scopes); diff != "" {
		t.Errorf("standard scopes of the file (-) and of the resource (+):\n%s", diff)
	}
	as.Spec.Scopes = []authv1alpha1.Scope{{Name: "work", Claims: []authv1alpha1.ClaimName{"department", "groups"}, Grant: authv1alpha1.ScopeByDefault}}
	if config, err = serverconfig.Render(as); err != nil {
		t.Fatal(err)
	}
	want := configv1alpha1.Scope{Name: "work", Description: "work", Claims: []string{"department", "groups"}, Grant: configv1alpha1.ScopeByDefault}
	if diff := cmp.Diff(want, config.Service.Scopes[len(config.Service.Scopes)-1]); diff != "" {
		t.Errorf("scope (-want +got):\n%s", diff)
	}
}

// TestClaimsOfTheProtocol: the schema and the file refuse the same claims of scopes.
func TestClaimsOfTheProtocol(t *testing.T) {
	t.Parallel()
	names := authv1alpha1.ReservedClaims()
	refused := 0
	for _, name := range append(names, "department") {
		as := server("https://login.example.com")
		as.Spec.Scopes = []authv1alpha1.Scope{{Name: "work", Claims: []authv1alpha1.ClaimName{authv1alpha1.ClaimName(name)}}}
		_, err := serverconfig.Render(as)
		if inSchema := slices.Contains(protocolClaims(t), name); inSchema != (err != nil) {
			t.Errorf("%s: the schema refuses it: %t, the file: %v", name, inSchema, err)
		}
		if err != nil {
			refused++
		}
	}
	if refused != len(protocolClaims(t)) {
		t.Errorf("%d of %d claims are refused", refused, len(protocolClaims(t)))
	}
}

// protocolClaims returns the names that the schema refuses as claims of scopes.
func protocolClaims(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../../config/crd/bases/authserver.dev_authorizationservers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?s)'!\(self in \[(.*?)\]\)'`).FindSubmatch(data)
	if rule == nil {
		t.Fatal("the rule about claims of scopes is not in the schema")
	}
	return regexp.MustCompile(`[a-z_]+`).FindAllString(string(rule[1]), -1)
}
