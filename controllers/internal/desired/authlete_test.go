package desired_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/authserver-dev/operator/controllers/internal/desired"
)

// TestAuthleteHashes: the authorities and the configuration are read at start; credentials and client certificate at any time.
func TestAuthleteHashes(t *testing.T) {
	t.Parallel()
	base := func() desired.Input { return input(t, servers()["authlete"]) }
	for name, test := range map[string]struct {
		change func(*desired.Input)
		rolls  bool
	}{
		"configuration":            {func(in *desired.Input) { in.ConfigYAML += "#" }, true},
		"authorities":              {func(in *desired.Input) { in.AuthleteCA = []byte("others") }, true},
		"the key of another time":  {func(in *desired.Input) { in.Engine = map[string][]byte{"kek": []byte("old")} }, false},
		"a database of the past":   {func(in *desired.Input) { in.PostgreSQLURL = []byte("postgres://old") }, false},
		"users":                    {func(in *desired.Input) { in.Shards[3] = []byte("user") }, false},
		"keys of the sessions":     {func(in *desired.Input) { in.Session = map[string][]byte{"keyring.json": []byte("other")} }, false},
		"authorities and the file": {func(in *desired.Input) { in.AuthleteCA, in.ConfigYAML = []byte(in.ConfigYAML), string(in.AuthleteCA) }, true},
	} {
		in := base()
		test.change(&in)
		if rolls := desired.ConfigHash(in) != desired.ConfigHash(base()); rolls != test.rolls {
			t.Errorf("%s: rolls the pods: %v, want %v", name, rolls, test.rolls)
		}
	}
	before := map[string][]byte{"authlete/service.access_token": []byte("old")}
	after := map[string][]byte{"authlete/service.access_token": []byte("new")}
	if desired.RefreshHash(base(), before) == desired.RefreshHash(base(), after) {
		t.Error("changed credentials do not refresh the pods")
	}
}

// TestNothingOfTheOwner: what only the operator needs is not in the pods.
func TestNothingOfTheOwner(t *testing.T) {
	t.Parallel()
	keys := desired.AuthleteKeys()
	if slices.Contains(keys, "service_owner.api_key") || slices.Contains(keys, "service_owner.api_secret") || len(keys) != 7 {
		t.Errorf("pods see %q", keys)
	}
}

// TestEngineKeyStays: a change back to the embedded engine finds its data readable.
func TestEngineKeyStays(t *testing.T) {
	t.Parallel()
	in := input(t, servers()["authlete"])
	in.Engine = map[string][]byte{"kek": []byte("kek")}
	var names []string
	for _, object := range desired.Secrets(in) {
		names = append(names, object.GetName())
	}
	if !slices.Contains(names, desired.EngineSecretName("login")) || slices.Contains(names, desired.ManagementName("login")) {
		t.Errorf("Secrets are %q", names)
	}
	for _, volume := range find[*appsv1.Deployment](t, in).Spec.Template.Spec.Volumes {
		if volume.Secret != nil && volume.Secret.SecretName == desired.EngineSecretName("login") {
			t.Error("the key is mounted")
		}
	}
}

// TestOnePodIsReplacedWithoutAGap: a pod's state is nowhere but at Authlete.
func TestOnePodIsReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	spec := servers()["authlete"]
	spec.Replicas = nil
	deployment := find[*appsv1.Deployment](t, input(t, spec))
	if got := deployment.Spec.Strategy.Type; got != appsv1.RollingUpdateDeploymentStrategyType {
		t.Errorf("strategy %s", got)
	}
	for _, object := range desired.Build(input(t, spec)) {
		if service, ok := object.(*corev1.Service); ok && service.Name != "login" {
			t.Errorf("there is a Service %s", service.Name)
		}
	}
}
