package desired_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/serverconfig"
)

// find returns the one object of a kind.
func find[T desired.Object](t *testing.T, in desired.Input) T {
	t.Helper()
	for _, object := range desired.Build(in) {
		if found, ok := object.(T); ok {
			return found
		}
	}
	t.Fatalf("there is no %T", *new(T))
	return *new(T)
}

func TestPullPolicy(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]corev1.PullPolicy{
		"registry.example.com:5000/server":         corev1.PullAlways,
		"registry.example.com:5000/server:latest":  corev1.PullAlways,
		"registry.example.com:5000/server:v1":      corev1.PullIfNotPresent,
		"server@sha256:0123":                       corev1.PullIfNotPresent,
		"registry.example.com/server:latest@sha:0": corev1.PullIfNotPresent,
	} {
		in := input(t, servers()["memory"])
		in.DefaultImage = image
		if got := find[*appsv1.Deployment](t, in).Spec.Template.Spec.Containers[0].ImagePullPolicy; got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

// TestMemoryLimit: the Go runtime stays below the container's limit, however it is written.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{"256Mi": "241591860B", "1G": "900000000B", "": "off"} {
		spec := servers()["memory"]
		spec.Resources = &corev1.ResourceRequirements{}
		if limit != "" {
			spec.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)}
		}
		env := find[*appsv1.Deployment](t, input(t, spec)).Spec.Template.Spec.Containers[0].Env
		if env[0].Name != "GOMEMLIMIT" || env[0].Value != want {
			t.Errorf("limit %q: %v, want %s", limit, env, want)
		}
	}
}

// TestGraceCoversShutdown: the server is done before the kubelet kills it.
func TestGraceCoversShutdown(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int64{10, 30, 3600} {
		spec := servers()["memory"]
		spec.PodTemplate.TerminationGracePeriodSeconds = &seconds
		pod := find[*appsv1.Deployment](t, input(t, spec)).Spec.Template.Spec
		if *pod.TerminationGracePeriodSeconds != seconds {
			t.Errorf("grace period is %d, want %d", *pod.TerminationGracePeriodSeconds, seconds)
		}
		shutdown := rendered(t, spec).Shutdown
		if total := int64(*shutdown.DrainSeconds + shutdown.FinishSeconds); total >= seconds || shutdown.FinishSeconds < 1 {
			t.Errorf("draining and shutting down take %d of %d seconds", total, seconds)
		}
	}
}

// TestClaimKeepsWhatCannotChange: class and size of a claim that exists.
func TestClaimKeepsWhatCannotChange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ have, want, got string }{
		"grows":          {"1Gi", "2Gi", "2Gi"},
		"does not":       {"5Gi", "2Gi", "5Gi"},
		"is made":        {"", "2Gi", "2Gi"},
		"other notation": {"1024Mi", "1Gi", "1Gi"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fast, slow, size := "fast", "slow", resource.MustParse(tt.want)
			spec := servers()["sqlite"]
			storage := *spec.Backend.Embedded
			storage.Storage.SQLite = &authv1alpha1.SQLiteStorage{VolumeClaim: authv1alpha1.VolumeClaim{StorageClassName: &fast, Size: &size}}
			spec.Backend.Embedded = &storage
			in, class := input(t, spec), fast
			if tt.have != "" {
				class = slow
				in.Claim = &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
					StorageClassName: &slow,
					Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
						corev1.ResourceStorage: resource.MustParse(tt.have),
					}},
				}}
			}
			claim := find[*corev1.PersistentVolumeClaim](t, in)
			got := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			if got.Cmp(resource.MustParse(tt.got)) != 0 || *claim.Spec.StorageClassName != class {
				t.Errorf("claim has %s of %s, want %s of %s", got.String(), *claim.Spec.StorageClassName, tt.got, class)
			}
		})
	}
}

func rendered(t *testing.T, spec authv1alpha1.AuthorizationServerSpec) *configv1alpha1.ServerConfig {
	t.Helper()
	config, err := serverconfig.Render(&authv1alpha1.AuthorizationServer{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return config
}
