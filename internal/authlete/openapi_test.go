package authlete_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/authserver-dev/operator/internal/authlete"
)

// openAPIDirectory names the environment variable with the directory of Authlete's OpenAPI documents.
const openAPIDirectory = "AUTHLETE_OPENAPI"

// schema is what the test reads of a schema.
type schema struct {
	Ref        string            `json:"$ref"`
	Enum       []string          `json:"enum"`
	Properties map[string]schema `json:"properties"`
	AllOf      []schema          `json:"allOf"`
}

// specification is what the test reads of an OpenAPI document.
type specification struct {
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// resolve follows a reference and merges allOf.
func (s *specification) resolve(in schema) schema {
	if name, ok := strings.CutPrefix(in.Ref, "#/components/schemas/"); ok {
		return s.resolve(s.Components.Schemas[name])
	}
	out := schema{Enum: in.Enum, Properties: map[string]schema{}}
	maps.Copy(out.Properties, in.Properties)
	for _, part := range in.AllOf {
		resolved := s.resolve(part)
		maps.Copy(out.Properties, resolved.Properties)
		out.Enum = append(out.Enum, resolved.Enum...)
	}
	return out
}

// TestNamesAreTheAPIs compares the members and the actions of the contract with the published description of the API.
func TestNamesAreTheAPIs(t *testing.T) {
	t.Parallel()
	directory := os.Getenv(openAPIDirectory)
	if directory == "" {
		t.Skipf("%s does not name the directory of authlete-2.3.12.yaml and authlete-3.0.16.yaml", openAPIDirectory)
	}
	// The embedded engine's own, which Authlete overlooks.
	extensions := []string{"service.logoUri", "service.authorizationCodeDuration"}
	for name, allowed := range map[string][]string{
		"authlete-3.0.16.yaml": extensions,
		// What 3.0 added.
		"authlete-2.3.12.yaml": append(slices.Clone(extensions), "authorization_request.context", "authorization_response.claimsAtUserInfo",
			"token_response:ID_TOKEN_REISSUABLE", "standard_introspection_response:JWT"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(directory, name))
			if err != nil {
				t.Fatal(err)
			}
			var spec specification
			if err := yaml.Unmarshal(data, &spec); err != nil {
				t.Fatal(err)
			}
			for name, structure := range structures() {
				checkMembers(t, &spec, name, reflect.TypeOf(structure), allowed)
			}
			for name, actions := range actionsOfResponses() {
				known := spec.resolve(spec.schema(t, name)).Properties["action"]
				for _, action := range actions {
					if !slices.Contains(spec.resolve(known).Enum, action) && !slices.Contains(allowed, name+":"+action) {
						t.Errorf("%s: action %s is not the API's", name, action)
					}
				}
			}
		})
	}
}

// schema returns a schema by name; the documents differ in spelling.
func (s *specification) schema(t *testing.T, name string) schema {
	t.Helper()
	for _, spelling := range []string{name, strings.ToUpper(name[:1]) + name[1:]} {
		if found, ok := s.Components.Schemas[spelling]; ok {
			return found
		}
	}
	t.Errorf("the document has no schema %s", name)
	return schema{}
}

// checkMembers checks that every member of a structure is one of the schema.
func checkMembers(t *testing.T, spec *specification, name string, structure reflect.Type, allowed []string) {
	t.Helper()
	known := spec.resolve(spec.schema(t, name)).Properties
	for _, field := range reflect.VisibleFields(structure) {
		member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, ok := known[member]; !ok && !field.Anonymous && !slices.Contains(allowed, name+"."+member) {
			t.Errorf("%s has no member %q", name, member)
		}
	}
}

// structures are the structures of the contract by the name of their schema.
func structures() map[string]any {
	return map[string]any{
		"service": authlete.Service{}, "client": authlete.Client{}, "pair": authlete.Pair{}, "scope": authlete.Scope{},
		"client_extension":                authlete.ClientExtension{},
		"client_get_list_response":        authlete.ClientListResponse{},
		"client_secret_update_request":    authlete.ClientSecretUpdateRequest{},
		"client_secret_update_response":   authlete.ClientSecretResponse{},
		"client_secret_refresh_response":  authlete.ClientSecretResponse{},
		"authorization_request":           authlete.AuthorizationRequest{},
		"authorization_response":          authlete.AuthorizationResponse{},
		"authorization_issue_request":     authlete.AuthorizationIssueRequest{},
		"authorization_issue_response":    authlete.AuthorizationIssueResponse{},
		"authorization_fail_request":      authlete.AuthorizationFailRequest{},
		"authorization_fail_response":     authlete.AuthorizationFailResponse{},
		"token_request":                   authlete.TokenRequest{},
		"token_response":                  authlete.TokenResponse{},
		"token_issue_request":             authlete.TokenIssueRequest{},
		"token_issue_response":            authlete.TokenIssueResponse{},
		"token_fail_request":              authlete.TokenFailRequest{},
		"token_fail_response":             authlete.TokenFailResponse{},
		"token_revoke_request":            authlete.TokenRevokeRequest{},
		"token_revoke_response":           authlete.TokenRevokeResponse{},
		"revocation_request":              authlete.RevocationRequest{},
		"revocation_response":             authlete.RevocationResponse{},
		"introspection_request":           authlete.IntrospectionRequest{},
		"introspection_response":          authlete.IntrospectionResponse{},
		"standard_introspection_request":  authlete.StandardIntrospectionRequest{},
		"standard_introspection_response": authlete.StandardIntrospectionResponse{},
		"userinfo_request":                authlete.UserInfoRequest{},
		"userinfo_response":               authlete.UserInfoResponse{},
		"userinfo_issue_request":          authlete.UserInfoIssueRequest{},
		"userinfo_issue_response":         authlete.UserInfoIssueResponse{},
	}
}

// actionsOfResponses are the actions of the contract by the name of the response's schema.
func actionsOfResponses() map[string][]string {
	return map[string][]string{
		"authorization_response": texts(authlete.AuthorizationInternalServerError, authlete.AuthorizationBadRequest, authlete.AuthorizationLocation,
			authlete.AuthorizationForm, authlete.AuthorizationNoInteraction, authlete.AuthorizationInteraction),
		"authorization_issue_response": texts(authlete.AuthorizationIssueInternalServerError, authlete.AuthorizationIssueBadRequest,
			authlete.AuthorizationIssueLocation, authlete.AuthorizationIssueForm),
		"authorization_fail_response": texts(authlete.AuthorizationFailActionInternalServerError, authlete.AuthorizationFailActionBadRequest,
			authlete.AuthorizationFailActionLocation, authlete.AuthorizationFailActionForm),
		"token_response": texts(authlete.TokenInvalidClient, authlete.TokenInternalServerError, authlete.TokenBadRequest, authlete.TokenPassword,
			authlete.TokenOK, authlete.TokenExchange, authlete.TokenJWTBearer, authlete.TokenIDTokenReissuable),
		"token_issue_response": texts(authlete.TokenIssueInternalServerError, authlete.TokenIssueOK),
		"token_fail_response":  texts(authlete.TokenFailInternalServerError, authlete.TokenFailBadRequest),
		"revocation_response": texts(authlete.RevocationInvalidClient, authlete.RevocationInternalServerError, authlete.RevocationBadRequest,
			authlete.RevocationOK),
		"introspection_response": texts(authlete.IntrospectionInternalServerError, authlete.IntrospectionBadRequest, authlete.IntrospectionUnauthorized,
			authlete.IntrospectionForbidden, authlete.IntrospectionOK),
		"standard_introspection_response": texts(authlete.StandardIntrospectionInternalServerError, authlete.StandardIntrospectionBadRequest,
			authlete.StandardIntrospectionOK, authlete.StandardIntrospectionJWT),
		"userinfo_response": texts(authlete.UserInfoInternalServerError, authlete.UserInfoBadRequest, authlete.UserInfoUnauthorized,
			authlete.UserInfoForbidden, authlete.UserInfoOK),
		"userinfo_issue_response": texts(authlete.UserInfoIssueInternalServerError, authlete.UserInfoIssueBadRequest, authlete.UserInfoIssueUnauthorized,
			authlete.UserInfoIssueForbidden, authlete.UserInfoIssueJSON, authlete.UserInfoIssueJWT),
	}
}

func texts[T ~string](values ...T) []string {
	all := make([]string, 0, len(values))
	for _, value := range values {
		all = append(all, string(value))
	}
	return all
}

// TestEmptyScopesSurvive: no scopes and no word about scopes are different decisions.
func TestEmptyScopesSurvive(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{nil, {}, {"openid"}} {
		data, err := json.Marshal(authlete.AuthorizationIssueRequest{Scopes: want})
		if err != nil {
			t.Fatal(err)
		}
		var got authlete.AuthorizationIssueRequest
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if (got.Scopes == nil) != (want == nil) || len(got.Scopes) != len(want) {
			t.Errorf("%#v became %#v", want, got.Scopes)
		}
	}
}
