package settings

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// full returns a server with everything set that can be declared.
func full() *authv1alpha1.AuthorizationServer {
	s := &authv1alpha1.AuthorizationServer{}
	s.Spec = authv1alpha1.AuthorizationServerSpec{
		Issuer:     "https://login.example.com",
		Display:    authv1alpha1.Display{ServiceName: "A", LogoURI: "https://l", PolicyURI: "https://p", TosURI: "https://t"},
		Scopes:     []authv1alpha1.Scope{{Name: "a"}},
		GrantTypes: []authv1alpha1.GrantType{authv1alpha1.GrantImplicit}, ResponseTypes: []authv1alpha1.ResponseType{authv1alpha1.ResponseToken},
		Tokens: authv1alpha1.Tokens{
			AccessTokenSeconds: new(int32(1)), RefreshTokenSeconds: new(int32(2)), IDTokenSeconds: new(int32(3)), AuthorizationCodeSeconds: new(int32(4)),
			RefreshRotation: authv1alpha1.RefreshKeep,
		},
		PKCE: authv1alpha1.PKCE{Required: authv1alpha1.PKCEAlways, ChallengeMethods: authv1alpha1.PKCES256},
	}
	return s
}

// TestNamesAreThoseOfTheMembers: each setting changes the member of its name, and only that.
func TestNamesAreThoseOfTheMembers(t *testing.T) {
	t.Parallel()
	all := Of(full()).settings
	if len(all) != 20 {
		t.Errorf("%d settings are declared, want 20", len(all))
	}
	for _, s := range all {
		var service authlete.Service
		s.apply(&service)
		var changed []string
		for _, field := range reflect.VisibleFields(reflect.TypeFor[authlete.Service]()) {
			if !reflect.ValueOf(service).FieldByIndex(field.Index).IsZero() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				changed = append(changed, name)
			}
		}
		if len(changed) != 1 || changed[0] != s.name() {
			t.Errorf("%s changes %q", s.name(), changed)
		}
		if confidential(s.name()) {
			t.Errorf("%s is secret: it must not be declared", s.name())
		}
	}
}

// TestBothVersionsHaveTheSettings reads Authlete's own description of its API.
func TestBothVersionsHaveTheSettings(t *testing.T) {
	t.Parallel()
	directory := os.Getenv("AUTHLETE_OPENAPI")
	if directory == "" {
		directory = filepath.FromSlash("../../../../shared/reference/authlete-openapi")
	}
	for file, schema := range map[string]string{"authlete-2.3.12.yaml": "Service", "authlete-3.0.16.yaml": "service"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(directory, file))
			if err != nil {
				t.Skipf("the OpenAPI document of Authlete is not there: %v", err)
			}
			var document struct {
				Components struct {
					Schemas map[string]struct {
						Properties map[string]struct {
							ReadOnly bool `json:"readOnly"`
						} `json:"properties"`
					} `json:"schemas"`
				} `json:"components"`
			}
			if err := yaml.Unmarshal(data, &document); err != nil {
				t.Fatal(err)
			}
			for _, s := range Of(full()).settings {
				property, ok := document.Components.Schemas[schema].Properties[s.name()]
				if !ok || property.ReadOnly {
					t.Errorf("%s: known %t, read-only %t", s.name(), ok, property.ReadOnly)
				}
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"apiSecret", "authenticationCallbackApiSecret", "developerSnsCredentials", "snsCredentials", "jwks", "federationJwks", "credentialJwks", "somePassword",
	} {
		if got := shown(field, `"a"`); got != "(not shown)" {
			t.Errorf("%s is shown as %s", field, got)
		}
		if got := shown(field, ""); got != "" {
			t.Errorf("no %s is shown as %s", field, got)
		}
	}
	// What the service keeps besides the settings, and in its scopes, is not shown either.
	have := &authlete.Service{
		SupportedScopes: []authlete.Scope{{Name: "z", Other: authlete.Other{"attributes": json.RawMessage(`"hidden-value"`)}}},
		Other:           authlete.Other{"apiSecret": json.RawMessage(`"hidden-value"`)},
	}
	differences := Diff(have, Of(full()))
	if len(differences) != 20 {
		t.Errorf("%d differences, want 20", len(differences))
	}
	for _, d := range differences {
		if strings.Contains(d.Declared+d.Actual, "hidden") {
			t.Errorf("%s shows a secret", d.Field)
		}
	}
}
