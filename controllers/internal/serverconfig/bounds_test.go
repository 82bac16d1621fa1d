package serverconfig_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// schemaNumber is a number of a custom resource.
type schemaNumber struct{ least, greatest *float64 }

// schemaNumbers lists the numbers of the specs by kind and path.
func schemaNumbers(t *testing.T) map[string]schemaNumber {
	t.Helper()
	files, err := filepath.Glob("../../../config/crd/bases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	found := map[string]schemaNumber{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(data, &crd); err != nil {
			t.Fatal(err)
		}
		for _, version := range crd.Spec.Versions {
			walk(crd.Spec.Names.Kind, version.Schema.OpenAPIV3Schema.Properties["spec"], found)
		}
	}
	return found
}

func walk(path string, schema apiextensionsv1.JSONSchemaProps, found map[string]schemaNumber) {
	if schema.Type == "integer" || schema.Type == "number" {
		found[path] = schemaNumber{schema.Minimum, schema.Maximum}
	}
	for name, property := range schema.Properties {
		walk(path+"."+name, property, found)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		walk(path, *schema.Items.Schema, found)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		walk(path, *schema.AdditionalProperties.Schema, found)
	}
}

// sameNumber says that a number of the file is a number of custom resources, whose unit is so many units of the file.
type sameNumber struct {
	fields []string
	unit   int64
}

// sameNumbers are the numbers of the file; those without fields are chosen by the operator.
func sameNumbers() map[string]sameNumber {
	const server, client = "AuthorizationServer.", "OAuthClient.tokens."
	return map[string]sameNumber{
		"backend.authlete.connectSeconds":                    {[]string{server + "backend.authlete.connectTimeoutSeconds"}, 1},
		"backend.authlete.requestSeconds":                    {[]string{server + "backend.authlete.requestTimeoutSeconds"}, 1},
		"backend.embedded.signing.rotationSeconds":           {[]string{server + "signing.rotationIntervalDays"}, 86400},
		"backend.embedded.signing.publishSeconds":            {},
		"backend.embedded.storage.postgresql.maxConnections": {[]string{server + "backend.embedded.storage.postgresql.maxConnections"}, 1},
		"login.freeAttempts":                                 {[]string{server + "login.freeAttempts"}, 1},
		"login.maxDelaySeconds":                              {[]string{server + "login.maxDelaySeconds"}, 1},
		"service.tokens.accessTokenSeconds":                  {[]string{server + "tokens.accessTokenSeconds", client + "accessTokenSeconds"}, 1},
		"service.tokens.refreshTokenSeconds":                 {[]string{server + "tokens.refreshTokenSeconds", client + "refreshTokenSeconds"}, 1},
		"service.tokens.refreshAbsoluteSeconds":              {[]string{server + "tokens.refreshAbsoluteSeconds"}, 1},
		"service.tokens.refreshLeewaySeconds":                {[]string{server + "tokens.refreshLeewaySeconds"}, 1},
		"service.tokens.idTokenSeconds":                      {[]string{server + "tokens.idTokenSeconds"}, 1},
		"service.tokens.authorizationCodeSeconds":            {[]string{server + "tokens.authorizationCodeSeconds"}, 1},
		"session.idleSeconds":                                {[]string{server + "session.idleSeconds"}, 1},
		"session.absoluteSeconds":                            {[]string{server + "session.absoluteSeconds"}, 1},
		"session.interactionSeconds":                         {[]string{server + "session.interactionSeconds"}, 1},
		"shutdown.drainSeconds":                              {},
		"shutdown.finishSeconds":                             {},
	}
}

// TestNumbersHaveTheSameBounds: the file and the custom resources bound a number in the same way.
func TestNumbersHaveTheSameBounds(t *testing.T) {
	t.Parallel()
	schemas, same := schemaNumbers(t), sameNumbers()
	for _, bound := range configv1alpha1.Bounds() {
		number, known := same[bound.Path]
		if !known {
			t.Errorf("%s: say which field of a custom resource it is", bound.Path)
		}
		for _, name := range number.fields {
			schema, ok := schemas[name]
			if !ok || schema.least == nil || schema.greatest == nil {
				t.Errorf("%s is no bounded number of the schema", name)
				continue
			}
			if least, greatest := int64(*schema.least)*number.unit, int64(*schema.greatest)*number.unit; least != bound.Least || greatest != bound.Greatest {
				t.Errorf("%s has the bounds %d to %d, %s has %d to %d", name, least, greatest, bound.Path, bound.Least, bound.Greatest)
			}
		}
	}
}

// TestEveryNumberOfASpecIsBounded: in the schemas, the parts of pods excepted, which the API server checks with the pods.
func TestEveryNumberOfASpecIsBounded(t *testing.T) {
	t.Parallel()
	schemas := schemaNumbers(t)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		pods := slices.ContainsFunc([]string{"affinity", "tolerations", "topologySpreadConstraints"}, func(part string) bool {
			return strings.HasPrefix(name, "AuthorizationServer.podTemplate."+part+".")
		})
		if number := schemas[name]; !pods && (number.least == nil || number.greatest == nil) {
			t.Errorf("%s has no minimum or no maximum", name)
		}
	}
	if len(schemas) < 20 {
		t.Errorf("only %d numbers were found", len(schemas))
	}
}
