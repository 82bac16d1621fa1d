package clientkeys_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/clientkeys"
)

// TestSchemaHasTheSameAlgorithms: the enum of the custom resource is the list that registration, discovery and verification
// read.
func TestSchemaHasTheSameAlgorithms(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../../config/crd/bases/authserver.dev_oauthclients.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var definition any
	if err := yaml.Unmarshal(data, &definition); err != nil {
		t.Fatal(err)
	}
	found := enumOf(definition, "alg")
	var want []string
	for _, alg := range clientkeys.Algorithms() {
		if !clientkeys.Supported(alg) {
			t.Errorf("%s is in the list and not supported", alg)
		}
		want = append(want, string(alg))
	}
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(found, want) {
		t.Errorf("the schema has %v, the engine %v", found, want)
	}
}

// enumOf returns the enum of the property of that name, wherever it is.
func enumOf(node any, property string) []string {
	switch node := node.(type) {
	case map[string]any:
		if schema, ok := node[property].(map[string]any); ok && schema["enum"] != nil {
			text, _ := json.Marshal(schema["enum"])
			var names []string
			_ = json.Unmarshal(text, &names)
			return names
		}
		for _, child := range node {
			if names := enumOf(child, property); names != nil {
				return names
			}
		}
	case []any:
		for _, child := range node {
			if names := enumOf(child, property); names != nil {
				return names
			}
		}
	}
	return nil
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const ec = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	const okp = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	for name, test := range map[string]struct{ doc, alg, problem string }{
		"fits":               {`{"keys":[` + ec + `}]}`, "", ""},
		"Ed25519":            {`{"keys":[` + okp + `,"alg":"EdDSA"}]}`, "", ""},
		"one of two":         {`{"keys":[` + ec + `,"use":"enc"},` + okp + `}]}`, "", ""},
		"unknown beside":     {`{"keys":[{"kty":"AKP"},` + ec + `}]}`, "", ""},
		"for the algorithm":  {`{"keys":[` + ec + `}]}`, "ES256", ""},
		"other algorithm":    {`{"keys":[` + ec + `}]}`, "RS256", "not for RS256"},
		"empty":              {`{"keys":[]}`, "", "no key"},
		"garbage":            {`<html>`, "", "decoding"},
		"encryption only":    {`{"keys":[` + ec + `,"use":"enc"}]}`, "", `use is "enc"`},
		"other curve":        {`{"keys":[` + ec + `,"alg":"ES384"}]}`, "", "does not fit"},
		"no such algorithm":  {`{"keys":[` + ec + `,"alg":"HS256"}]}`, "", "does not fit"},
		"symmetric":          {`{"keys":[{"kty":"oct","k":"AAAA"}]}`, "", "not a valid public key"},
		"unknown type alone": {`{"keys":[{"kty":"AKP"}]}`, "", "not known"},
		"small RSA beside": {
			`{"keys":[` + ec + `},{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("v", 171) + `"}]}`, "", "2048",
		},
	} {
		err := clientkeys.Check([]byte(test.doc), authlete.JWSAlg(test.alg))
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s: %v, want %q", name, err, test.problem)
		}
	}
}
