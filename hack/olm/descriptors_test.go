package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestDisplayName(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"accessTokenSeconds": "Access Token Seconds", "jwksURI": "JWKS URI", "redirectURIs": "Redirect URIs",
		"postgresql": "PostgreSQL", "clientID": "Client ID", "replicas": "Replicas",
	}
	for field, want := range tests {
		if got := displayName(field); got != want {
			t.Errorf("displayName(%q) = %q, want %q", field, got, want)
		}
	}
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	text := apiextensionsv1.JSONSchemaProps{Type: "string", Description: "a\n  text"}
	props := func(name string, field apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{name: field}}
	}
	element := props("name", text)
	schema := apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"scopes":    {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &element}},
		"mode":      {Type: "string", Enum: []apiextensionsv1.JSON{{Raw: []byte(`"One"`)}, {Raw: []byte(`"Two"`)}}},
		"resources": props("limits", text),
		"secretRef": props("name", text),
	}}
	var got [][]string
	for _, d := range descriptors(&schema, "") {
		got = append(got, append([]string{d.path, d.displayName, d.description}, d.xDescriptors...))
	}
	want := [][]string{
		{"mode", "Mode", "", ui + "select:One", ui + "select:Two"},
		{"resources", "Resources", "", ui + "resourceRequirements"},
		{"scopes", "Scopes", ""},
		{"scopes[0].name", "Name", "a text", ui + "text"},
		{"secretRef", "Secret Ref", ""},
		{"secretRef.name", "Name", "a text", kubernetes + ":Secret"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("descriptors (-want +got):\n%s", diff)
	}
}
