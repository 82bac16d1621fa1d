package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const (
	packageName    = "authserver-operator"
	channel        = "candidate"
	bundleImage    = "ghcr.io/authserver-dev/operator-bundle"
	serverImageEnv = "RELATED_IMAGE_SERVER"
	catalogFile    = "catalog/" + packageName + "/catalog.yaml"
	generated      = "# Written by \"make bundle\" from config/ and VERSION.\n"
)

// bundleFiles returns the files of the bundle by their path in the repository.
func bundleFiles(in *input) (map[string][]byte, error) {
	csv, err := clusterServiceVersion(in)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"bundle/manifests/" + packageName + ".clusterserviceversion.yaml": csv}
	for name, content := range in.crds {
		files["bundle/manifests/"+name] = content
	}
	annotations, err := yaml.Marshal(map[string]any{"annotations": labels()})
	if err != nil {
		return nil, fmt.Errorf("writing the annotations: %w", err)
	}
	files["bundle/metadata/annotations.yaml"] = append([]byte(generated), annotations...)
	files["bundle.Dockerfile"] = dockerfile()
	return files, nil
}

// labels says what the image is; it is told twice, by the image's labels and by a file in it.
func labels() map[string]string {
	const bundle = "operators.operatorframework.io.bundle."
	return map[string]string{
		bundle + "mediatype.v1": "registry+v1", bundle + "manifests.v1": "manifests/", bundle + "metadata.v1": "metadata/",
		bundle + "package.v1": packageName, bundle + "channels.v1": channel, bundle + "channel.default.v1": channel,
	}
}

func dockerfile() []byte {
	var text strings.Builder
	text.WriteString(generated + "FROM scratch\n")
	for _, name := range slices.Sorted(maps.Keys(labels())) {
		fmt.Fprintf(&text, "LABEL %s=%s\n", name, labels()[name])
	}
	text.WriteString("COPY bundle/manifests /manifests/\nCOPY bundle/metadata /metadata/\n")
	return []byte(text.String())
}

func clusterServiceVersion(in *input) ([]byte, error) {
	csv := in.base.DeepCopy()
	csv.Name = packageName + ".v" + in.version
	if err := csv.Spec.Version.UnmarshalJSON([]byte(`"` + in.version + `"`)); err != nil {
		return nil, fmt.Errorf("parsing the version: %w", err)
	}
	examples, err := json.MarshalIndent(in.samples, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the examples: %w", err)
	}
	csv.Annotations["alm-examples"] = string(examples)
	csv.Spec.Icon = []v1alpha1.Icon{{Data: base64.StdEncoding.EncodeToString(in.icon), MediaType: "image/svg+xml"}}
	if err := describeCRDs(in, csv.Spec.CustomResourceDefinitions.Owned); err != nil {
		return nil, err
	}
	if err := addInstall(in, csv); err != nil {
		return nil, err
	}
	content, err := yaml.Marshal(csv)
	if err != nil {
		return nil, fmt.Errorf("writing the ClusterServiceVersion: %w", err)
	}
	return append([]byte(generated), content...), nil
}

// describeCRDs adds what the schemas say to the CRDs that the base names.
func describeCRDs(in *input, owned []v1alpha1.CRDDescription) error {
	if len(owned) != len(in.schemas) {
		return fmt.Errorf("the base owns %d CRDs, config/crd has %d", len(owned), len(in.schemas))
	}
	for i := range owned {
		crd, ok := in.schemas[owned[i].Name]
		if !ok {
			return fmt.Errorf("the base owns %s, which config/crd does not have", owned[i].Name)
		}
		version := crd.Spec.Versions[len(crd.Spec.Versions)-1]
		owned[i].Kind, owned[i].Version = crd.Spec.Names.Kind, version.Name
		schema := version.Schema.OpenAPIV3Schema
		owned[i].Description = oneLine(schema.Description)
		for _, d := range fields(schema, "spec") {
			owned[i].SpecDescriptors = append(owned[i].SpecDescriptors, v1alpha1.SpecDescriptor{
				Path: d.path, DisplayName: d.displayName, Description: d.description, XDescriptors: d.xDescriptors,
			})
		}
		for _, d := range fields(schema, "status") {
			owned[i].StatusDescriptors = append(owned[i].StatusDescriptors, v1alpha1.StatusDescriptor{
				Path: d.path, DisplayName: d.displayName, Description: d.description, XDescriptors: d.xDescriptors,
			})
		}
	}
	return nil
}

func fields(schema *apiextensionsv1.JSONSchemaProps, part string) []descriptor {
	below := schema.Properties[part]
	return descriptors(&below, "")
}

// addInstall takes the Deployment and the permissions from config/. All rules are permissions, none is a cluster
// permission: OLM grants permissions in the namespaces that an OperatorGroup selects and in the whole cluster only if it
// selects all, whereas cluster permissions would let an operator of one namespace read the Secrets of every other.
func addInstall(in *input, csv *v1alpha1.ClusterServiceVersion) error {
	deployment := in.deployment.DeepCopy()
	pod := &deployment.Spec.Template
	if len(pod.Spec.Containers) != 1 {
		return fmt.Errorf("the Deployment has %d containers, want 1", len(pod.Spec.Containers))
	}
	container := &pod.Spec.Containers[0]
	related := []v1alpha1.RelatedImage{{Name: "operator", Image: container.Image}}
	for _, variable := range container.Env {
		if variable.Name == serverImageEnv {
			related = append(related, v1alpha1.RelatedImage{Name: "server", Image: variable.Value})
		}
	}
	if len(related) != 2 {
		return fmt.Errorf("the Deployment does not set %s", serverImageEnv)
	}
	// OLM writes the namespaces of the OperatorGroup into this annotation of the pod; empty means all.
	container.Env = append(container.Env, corev1.EnvVar{Name: "WATCH_NAMESPACE", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['olm.targetNamespaces']"},
	}})
	container.Args = append(container.Args, "--watch-namespaces=$(WATCH_NAMESPACE)")
	csv.Spec.RelatedImages = related
	csv.Annotations["containerImage"] = container.Image
	account := pod.Spec.ServiceAccountName
	csv.Spec.InstallStrategy = v1alpha1.NamedInstallStrategy{
		StrategyName: v1alpha1.InstallStrategyNameDeployment,
		StrategySpec: v1alpha1.StrategyDetailsDeployment{
			Permissions: []v1alpha1.StrategyDeploymentPermissions{{ServiceAccountName: account, Rules: in.rules}},
			DeploymentSpecs: []v1alpha1.StrategyDeploymentSpec{{
				Name: deployment.Name, Label: deployment.Labels, Spec: deployment.Spec,
			}},
		},
	}
	return nil
}
