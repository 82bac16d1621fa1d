package desired_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/serverconfig"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// servers are the resources of the golden files.
func servers() map[string]authv1alpha1.AuthorizationServerSpec {
	embedded := func(storage authv1alpha1.Storage) authv1alpha1.Backend {
		return authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{Storage: storage}}
	}
	two := int32(2)
	return map[string]authv1alpha1.AuthorizationServerSpec{
		"memory": {Issuer: "http://127.0.0.1:8080", Backend: embedded(authv1alpha1.Storage{Type: authv1alpha1.StorageMemory})},
		"sqlite": {
			Issuer: "https://login.example.com/tenant", Image: "registry.example.com/server:v1",
			Backend: embedded(authv1alpha1.Storage{Type: authv1alpha1.StorageSQLite, SQLite: &authv1alpha1.SQLiteStorage{}}),
			TLS:     &authv1alpha1.TLS{CertificateSecretRef: authv1alpha1.SecretReference{Name: "login-tls"}},
		},
		"postgresql": {
			Issuer: "https://login.example.com", Replicas: &two,
			Backend: embedded(authv1alpha1.Storage{Type: authv1alpha1.StoragePostgreSQL, PostgreSQL: &authv1alpha1.PostgreSQLStorage{
				ConnectionSecretRef: authv1alpha1.SecretKeyReference{Name: "database", Key: "dsn"},
				TLS: authv1alpha1.PostgreSQLTLS{
					CASecretRef:                &authv1alpha1.SecretKeyReference{Name: "database-ca"},
					ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "database-client"},
				},
			}}),
			Introspection: authv1alpha1.Introspection{Callers: []authv1alpha1.IntrospectionCaller{
				{Name: "api", SecretRef: authv1alpha1.SecretKeyReference{Name: "api-caller"}},
			}},
			Signing: authv1alpha1.Signing{Algorithm: authv1alpha1.SigningES256},
		},
		"authlete": {
			Issuer: "https://login.example.com", Replicas: &two,
			Backend: authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{
				CredentialsSecretRef: authv1alpha1.SecretReference{Name: "authlete"}, ProxyURL: "http://proxy.example.com:3128",
				ConnectTimeoutSeconds: new(int32(3)), RequestTimeoutSeconds: new(int32(8)),
				TLS: authv1alpha1.AuthleteTLS{
					CASecretRef:                &authv1alpha1.SecretKeyReference{Name: "corporate", Key: "bundle.pem"},
					ClientCertificateSecretRef: &authv1alpha1.SecretReference{Name: "login-client"},
				},
			}},
		},
	}
}

// input is what the objects are built from.
func input(t *testing.T, spec authv1alpha1.AuthorizationServerSpec) desired.Input {
	t.Helper()
	server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity"}, Spec: spec}
	config, err := serverconfig.Render(server)
	if err != nil {
		t.Fatal(err)
	}
	text, err := serverconfig.YAML(config)
	if err != nil {
		t.Fatal(err)
	}
	in := desired.Input{
		Server: server, DefaultImage: "ghcr.io/authserver-dev/server:v0", ConfigYAML: text, Session: map[string][]byte{"keyring.json": []byte("ring")},
	}
	if spec.Backend.Authlete != nil {
		in.AuthleteCA = []byte("authorities")
		return in
	}
	in.Engine, in.Management = map[string][]byte{"kek": []byte("kek")}, map[string][]byte{"token": []byte("token")}
	in.PostgreSQLURL = []byte("postgres://")
	return in
}

// TestGolden compares every object with its golden file: the reviewer of a change sees what it does to clusters.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, spec := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			for _, object := range desired.Build(input(t, spec)) {
				text, err := yaml.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString("---\n")
				got.Write(text)
			}
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("objects differ from %s; if that is meant, run with -update (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// TestConfigHash: what a running server does not reload rolls the pods, everything else does not.
func TestConfigHash(t *testing.T) {
	t.Parallel()
	base := func() desired.Input { return input(t, servers()["postgresql"]) }
	want := desired.ConfigHash(base())
	for name, test := range map[string]struct {
		change func(*desired.Input)
		rolls  bool
	}{
		"configuration":      {func(in *desired.Input) { in.ConfigYAML += "#" }, true},
		"database":           {func(in *desired.Input) { in.PostgreSQLURL = []byte("other") }, true},
		"key encryption key": {func(in *desired.Input) { in.Engine = map[string][]byte{"kek": []byte("other")} }, true},
		"users":              {func(in *desired.Input) { in.Shards[3] = []byte("user") }, false},
		"session keys":       {func(in *desired.Input) { in.Session = map[string][]byte{"keyring.json": []byte("other")} }, false},
		"management":         {func(in *desired.Input) { in.Management = map[string][]byte{"token": []byte("other")} }, false},
		"database and kek swapped": {func(in *desired.Input) {
			in.PostgreSQLURL, in.Engine = in.Engine["kek"], map[string][]byte{"kek": in.PostgreSQLURL}
		}, true},
	} {
		in := base()
		refresh := desired.RefreshHash(in, nil)
		test.change(&in)
		if rolls := desired.ConfigHash(in) != want; rolls != test.rolls {
			t.Errorf("%s: rolls the pods: %v, want %v", name, rolls, test.rolls)
		}
		if refreshes := desired.RefreshHash(in, nil) != refresh; refreshes == test.rolls {
			t.Errorf("%s: refreshes mounted Secrets: %v, want %v", name, refreshes, !test.rolls)
		}
	}
}
