package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	"github.com/operator-framework/api/pkg/validation"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

const root = "../.."

func opmPath(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", "opm"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("opm is missing; run: make test-bundle: %v", err)
	}
	return path
}

func loadBundle(t *testing.T) *manifests.Bundle {
	t.Helper()
	bundle, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	if bundle.CSV == nil {
		t.Fatal("the bundle has no ClusterServiceVersion")
	}
	return bundle
}

func deploymentSpecs(t *testing.T) []v1alpha1.StrategyDeploymentSpec {
	t.Helper()
	specs := loadBundle(t).CSV.Spec.InstallStrategy.StrategySpec.DeploymentSpecs
	if len(specs) != 1 {
		t.Fatalf("the bundle has %d Deployments, want 1", len(specs))
	}
	return specs
}

// readTree returns the generated files below a folder.
func readTree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"bundle.Dockerfile", "bundle/*/*", "catalog/*/*"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			relative, err := filepath.Rel(folder, name)
			if err != nil {
				t.Fatal(err)
			}
			files[relative] = string(content)
		}
	}
	return files
}

func TestUpToDate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := generate(t.Context(), root, folder, opmPath(t)); err != nil {
		t.Fatal(err)
	}
	want := readTree(t, folder)
	if len(want) < 7 {
		t.Fatalf("only %d files were generated", len(want))
	}
	if diff := cmp.Diff(want, readTree(t, root)); diff != "" {
		t.Errorf("not as generated; run: make bundle (-generated +committed):\n%s", diff)
	}
}

// validators lists all of operator-framework/api but MultipleArchitecturesValidator, which starts Docker to look into images.
func validators() map[string]interfaces.Validator {
	return map[string]interfaces.Validator{
		"package manifest": validation.PackageManifestValidator, "CSV": validation.ClusterServiceVersionValidator,
		"CRD": validation.CustomResourceDefinitionValidator, "bundle": validation.BundleValidator,
		"OperatorHub":    validation.OperatorHubValidator, //nolint:staticcheck // catalogs still run it
		"OperatorHub v2": validation.OperatorHubV2Validator,
		"capabilities":   validation.StandardCapabilitiesValidator, "categories": validation.StandardCategoriesValidator,
		"objects": validation.ObjectValidator, "OperatorGroup": validation.OperatorGroupValidator,
		"community": validation.CommunityOperatorValidator, "deprecated APIs": validation.AlphaDeprecatedAPIsValidator,
		"good practices": validation.GoodPracticesValidator,
	}
}

func TestValidators(t *testing.T) {
	t.Parallel()
	for name, validator := range validators() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, result := range validator.Validate(loadBundle(t).ObjectsToValidate()...) {
				for _, err := range result.Errors {
					t.Errorf("%s: %v", result.Name, err)
				}
				for _, warning := range result.Warnings {
					if !acceptedWarning(warning.Detail) {
						t.Errorf("%s: warning: %v", result.Name, warning)
					}
				}
			}
		})
	}
}

// acceptedWarning knows the warnings that are not about something to mend: that a validator has newer ones beside it, and
// that of events.k8s.io, a group of which the validator takes every permission for one on the removed v1beta1.
func acceptedWarning(text string) bool {
	return strings.Contains(text, "is deprecated; for equivalent validation use") ||
		strings.Contains(text, "Migrate the API(s) for events: ([") && strings.Count(text, "([") == 1
}

// TestValidatorsFindErrors shows that the validators look at what the bundle has.
func TestValidatorsFindErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		validator string
		spoil     func(*v1alpha1.ClusterServiceVersion)
	}{
		"an unknown category":     {"categories", func(csv *v1alpha1.ClusterServiceVersion) { csv.Annotations["categories"] = "Doors" }},
		"an unknown level":        {"capabilities", func(csv *v1alpha1.ClusterServiceVersion) { csv.Annotations["capabilities"] = "Perfect" }},
		"no provider":             {"OperatorHub v2", func(csv *v1alpha1.ClusterServiceVersion) { csv.Spec.Provider.Name = "" }},
		"examples that are wrong": {"CSV", func(csv *v1alpha1.ClusterServiceVersion) { csv.Annotations["alm-examples"] = "{" }},
		"a CRD that is not there": {"bundle", func(csv *v1alpha1.ClusterServiceVersion) {
			csv.Spec.CustomResourceDefinitions.Owned[0].Version = "v9"
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := loadBundle(t)
			test.spoil(bundle.CSV)
			for _, result := range validators()[test.validator].Validate(bundle.ObjectsToValidate()...) {
				if result.HasError() {
					return
				}
			}
			t.Errorf("the validator %q found no error", test.validator)
		})
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), opmPath(t), "validate", filepath.Join(root, "catalog")).CombinedOutput()
	if err != nil {
		t.Errorf("opm validate: %v\n%s", err, output)
	}
	catalog, err := os.ReadFile(filepath.Join(root, catalogFile))
	if err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	text := strings.Replace(string(catalog), "defaultChannel: "+channel, "defaultChannel: none", 1)
	if err := os.WriteFile(filepath.Join(broken, "catalog.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), opmPath(t), "validate", broken).Run(); err == nil {
		t.Error("opm validates a catalog whose default channel does not exist")
	}
}

// TestPodSecurity holds the operator's pod to the level "restricted" by the code of the admission plugin itself.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	pod := deploymentSpecs(t)[0].Spec.Template
	if result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec)); !result.Allowed {
		t.Errorf("not restricted: %s", result.ForbiddenDetail())
	}
	pod.Spec.HostNetwork = true
	if policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec)).Allowed {
		t.Error("a pod in the host's network counts as restricted")
	}
}

// TestInstallModes: the operator watches what the OperatorGroup selects, and may read nothing else.
func TestInstallModes(t *testing.T) {
	t.Parallel()
	csv := loadBundle(t).CSV
	for _, mode := range csv.Spec.InstallModes {
		if !mode.Supported {
			t.Errorf("the mode %s is not supported", mode.Type)
		}
	}
	if len(csv.Spec.InstallModes) != 4 {
		t.Errorf("%d install modes, want 4", len(csv.Spec.InstallModes))
	}
	if rules := csv.Spec.InstallStrategy.StrategySpec.ClusterPermissions; len(rules) > 0 {
		t.Errorf("these permissions hold in the whole cluster whatever the OperatorGroup selects: %v", rules)
	}
	container := deploymentSpecs(t)[0].Spec.Template.Spec.Containers[0]
	if !slices.Contains(container.Args, "--watch-namespaces=$(WATCH_NAMESPACE)") {
		t.Errorf("the operator is not told its namespaces: %v", container.Args)
	}
	for _, env := range container.Env {
		if env.Name == "WATCH_NAMESPACE" {
			if env.ValueFrom == nil || env.ValueFrom.FieldRef == nil || env.ValueFrom.FieldRef.FieldPath != "metadata.annotations['olm.targetNamespaces']" {
				t.Errorf("WATCH_NAMESPACE comes from %v", env.ValueFrom)
			}
			return
		}
	}
	t.Error("WATCH_NAMESPACE is not set")
}

func TestVersionAndImages(t *testing.T) {
	t.Parallel()
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(version))
	csv := loadBundle(t).CSV
	if got := csv.Spec.Version.String(); got != want {
		t.Errorf("version %s, want %s", got, want)
	}
	images := map[string]string{}
	for _, image := range csv.Spec.RelatedImages {
		images[image.Name] = image.Image
	}
	container := deploymentSpecs(t)[0].Spec.Template.Spec.Containers[0]
	used := map[string]string{"operator": container.Image}
	for _, env := range container.Env {
		if env.Name == serverImageEnv {
			used["server"] = env.Value
		}
	}
	if diff := cmp.Diff(used, images); diff != "" {
		t.Errorf("related images (-used +listed):\n%s", diff)
	}
	for _, image := range used {
		if !strings.HasSuffix(image, ":"+want) {
			t.Errorf("the image %s is not of version %s", image, want)
		}
	}
}

// examples returns the custom resources that a console offers.
func examples(t *testing.T) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(loadBundle(t).CSV.Annotations["alm-examples"]), &list); err != nil {
		t.Fatal(err)
	}
	return list
}
