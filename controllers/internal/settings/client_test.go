package settings_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/internal/authlete"
)

// application returns a client with the spec.
func application(set func(spec *authv1alpha1.OAuthClientSpec)) *authv1alpha1.OAuthClient {
	c := &authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "shop", UID: "uid-1"}}
	if set != nil {
		set(&c.Spec)
	}
	return c
}

// adopting returns a client that adopts another one, and what else of it is set.
func adopting(set func(spec *authv1alpha1.OAuthClientSpec)) *authv1alpha1.OAuthClient {
	return application(func(spec *authv1alpha1.OAuthClientSpec) {
		spec.Adopt = &authv1alpha1.ClientAdoption{Client: "1"}
		if set != nil {
			set(spec)
		}
	})
}

func declaredBy(t *testing.T, c *authv1alpha1.OAuthClient) settings.Declared[authlete.Client] {
	t.Helper()
	declared, err := settings.OfClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

// TestAdoptedClientKeepsWhatIsNotNamed: every member of a client, each with a value that is no default, stays as it is.
func TestAdoptedClientKeepsWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	declared := declaredBy(t, adopting(nil))
	for member := range reflect.TypeFor[authlete.Client]().Fields() {
		var have authlete.Client
		fill(reflect.ValueOf(&have).Elem().FieldByIndex(member.Index))
		for _, difference := range settings.Diff(&have, declared) {
			t.Errorf("%s: %+v", member.Name, difference)
		}
		if diff := cmp.Diff(&have, settings.Merge(&have, declared)); diff != "" {
			t.Errorf("%s (-had +has):\n%s", member.Name, diff)
		}
	}
}

// fill sets a value, and everything in it, to something else than its zero value.
func fill(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		value.SetString("A_" + strings.ToUpper(value.Type().Name()))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int64:
		value.SetInt(7)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0))
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem())
	case reflect.Struct:
		for _, field := range value.Fields() {
			fill(field)
		}
	case reflect.Map:
		value.Set(reflect.ValueOf(authlete.Other{"unknownMember": json.RawMessage(`"kept"`)}))
	default:
		panic(fmt.Sprint("no value for ", value.Kind()))
	}
}

// clientFields are the fields of a spec, each with a value and the members of the client that it declares.
func clientFields() map[string]struct {
	set  func(spec *authv1alpha1.OAuthClientSpec)
	want []string
} {
	type spec = authv1alpha1.OAuthClientSpec
	nothing := func(*spec) {}
	return map[string]struct {
		set  func(spec *spec)
		want []string
	}{
		"ServerRef":                {nothing, nil},
		"ClientID":                 {func(s *spec) { s.ClientID = "x" }, []string{"clientIdAlias", "clientIdAliasEnabled"}},
		"ClientName":               {func(s *spec) { s.ClientName = "x" }, []string{"clientName"}},
		"Description":              {func(s *spec) { s.Description = "x" }, []string{"description"}},
		"ClientURI":                {func(s *spec) { s.ClientURI = "x" }, []string{"clientUri"}},
		"LogoURI":                  {func(s *spec) { s.LogoURI = "x" }, []string{"logoUri"}},
		"PolicyURI":                {func(s *spec) { s.PolicyURI = "x" }, []string{"policyUri"}},
		"TosURI":                   {func(s *spec) { s.TosURI = "x" }, []string{"tosUri"}},
		"Contacts":                 {func(s *spec) { s.Contacts = []string{"x"} }, []string{"contacts"}},
		"ApplicationType":          {func(s *spec) { s.ApplicationType = "web" }, []string{"applicationType"}},
		"RedirectURIs":             {func(s *spec) { s.RedirectURIs = []authv1alpha1.RedirectURI{"x"} }, []string{"redirectUris"}},
		"GrantTypes":               {func(s *spec) { s.GrantTypes = []authv1alpha1.GrantType{"password"} }, []string{"grantTypes"}},
		"ResponseTypes":            {func(s *spec) { s.ResponseTypes = []authv1alpha1.ResponseType{"code id_token"} }, []string{"responseTypes"}},
		"Scopes":                   {func(s *spec) { s.Scopes = []authv1alpha1.ScopeName{"x"} }, []string{"extension.requestableScopes"}},
		"TokenEndpointAuthMethod":  {func(s *spec) { s.TokenEndpointAuthMethod = "none" }, []string{"clientType", "tokenAuthMethod"}},
		"JWKS":                     {func(s *spec) { s.JWKS = &authv1alpha1.JSONWebKeySet{} }, []string{"jwks", "jwksUri"}},
		"JWKSURI":                  {func(s *spec) { s.JWKSURI = "x" }, []string{"jwks", "jwksUri"}},
		"Secret":                   {nothing, nil},
		"IDTokenSignedResponseAlg": {func(s *spec) { s.IDTokenSignedResponseAlg = "ES256" }, []string{"idTokenSignAlg"}},
		"DefaultMaxAgeSeconds":     {func(s *spec) { s.DefaultMaxAgeSeconds = new(int32) }, []string{"defaultMaxAge"}},
		"Tokens": {func(s *spec) {
			s.Tokens = authv1alpha1.ClientTokens{AccessTokenSeconds: new(int32(1)), RefreshTokenSeconds: new(int32(1))}
		}, []string{"extension.accessTokenDuration", "extension.refreshTokenDuration"}},
		"TokenEndpointAuthMethodMatch": {
			func(s *spec) { s.TokenEndpointAuthMethodMatch = "Exact" }, []string{"attributes." + authlete.AttributeAuthMethodMatch},
		},
		"Consent":        {func(s *spec) { s.Consent = "Ask" }, []string{"attributes.first_party"}},
		"IDTokenClaims":  {func(s *spec) { s.IDTokenClaims = "Minimal" }, []string{"attributes.authserver.dev/id-token-claims"}},
		"Adopt":          {nothing, nil},
		"Management":     {nothing, nil},
		"DeletionPolicy": {nothing, nil},
	}
}

// TestEveryFieldDeclaresItsMembers: of an adopted client each field changes the members that it is about, and nothing else.
func TestEveryFieldDeclaresItsMembers(t *testing.T) {
	t.Parallel()
	cases := clientFields()
	for field := range reflect.TypeFor[authv1alpha1.OAuthClientSpec]().Fields() {
		test, ok := cases[field.Name]
		if !ok {
			t.Errorf("spec field %s is not in the table: which members does it declare?", field.Name)
			continue
		}
		var have authlete.Client
		fill(reflect.ValueOf(&have).Elem())
		have.ClientIDAliasEnabled = false
		have.Attributes = append(have.Attributes, authlete.Pair{Key: authlete.AttributeFirstParty, Value: "true"})
		declared := declaredBy(t, adopting(test.set))
		var got []string
		for _, difference := range settings.Diff(&have, declared) {
			got = append(got, difference.Field)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field.Name, diff)
		}
		merged := settings.Merge(&have, declared)
		if left := settings.Diff(merged, declared); len(left) > 0 {
			t.Errorf("%s is not as declared after it was merged: %+v", field.Name, left)
		}
		if changed := changedMembers(t, &have, merged); !slices.Equal(changed, topLevel(test.want)) {
			t.Errorf("%s changed %v, want %v", field.Name, changed, topLevel(test.want))
		}
	}
}

// changedMembers returns the names of the JSON members that differ, in order.
func changedMembers(t *testing.T, before, after *authlete.Client) []string {
	t.Helper()
	var had, has map[string]json.RawMessage
	for client, members := range map[*authlete.Client]*map[string]json.RawMessage{before: &had, after: &has} {
		text, err := json.Marshal(client)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, members); err != nil {
			t.Fatal(err)
		}
	}
	var changed []string
	for _, members := range []map[string]json.RawMessage{had, has} {
		for name := range members {
			if string(had[name]) != string(has[name]) {
				changed = append(changed, name)
			}
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// topLevel returns the members that have or are the fields, in order.
func topLevel(fields []string) []string {
	var all []string
	for _, field := range fields {
		name, _, _ := strings.Cut(field, ".")
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestOwnClientHasDefaults: a client that the operator made has the default of each field that its spec leaves out, and
// what the resource has no field for stays as it is.
func TestOwnClientHasDefaults(t *testing.T) {
	t.Parallel()
	have := authlete.Client{
		ClientID: 42, ClientIDAlias: "old", ClientName: "Old name", Description: "Old", ClientSecret: "kept", Developer: "jane", DefaultMaxAge: 60,
		RedirectURIs: []string{"https://old.example.com"}, Contacts: []string{"a@example.com"}, IDTokenSignAlg: authlete.RS256,
		Attributes: []authlete.Pair{{Key: "team", Value: "blue"}, {Key: authlete.AttributeFirstParty, Value: "true"}},
		Extension:  &authlete.ClientExtension{AccessTokenDuration: 7, Other: authlete.Other{"tokenExchangePermitted": json.RawMessage("true")}},
		Other:      authlete.Other{"softwareId": json.RawMessage(`"s"`)},
	}
	got := settings.Merge(&have, declaredBy(t, application(func(spec *authv1alpha1.OAuthClientSpec) {
		spec.RedirectURIs = []authv1alpha1.RedirectURI{"https://shop.example.com/b", "https://shop.example.com/a"}
	})))
	want := have
	want.ClientIDAlias, want.ClientIDAliasEnabled, want.ClientName, want.Description = "shop", true, "shop", ""
	want.RedirectURIs = []string{"https://shop.example.com/b", "https://shop.example.com/a"}
	want.ClientType, want.ApplicationType, want.TokenAuthMethod = authlete.ClientConfidential, authlete.ApplicationWeb, authlete.AuthClientSecretBasic
	want.GrantTypes = []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken}
	want.ResponseTypes = []authlete.ResponseType{authlete.ResponseCode}
	want.Contacts, want.DefaultMaxAge = nil, 0
	want.Attributes = []authlete.Pair{{Key: "team", Value: "blue"}}
	want.Extension = &authlete.ClientExtension{Other: have.Extension.Other}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if have.Extension.AccessTokenDuration != 7 {
		t.Error("what the backend has was changed")
	}
}

// TestNothingToChange: what the backend makes of a client is not taken for a difference.
func TestNothingToChange(t *testing.T) {
	t.Parallel()
	declared := declaredBy(t, application(func(spec *authv1alpha1.OAuthClientSpec) {
		spec.RedirectURIs = []authv1alpha1.RedirectURI{"https://shop.example.com/b", "https://shop.example.com/a"}
		spec.Contacts = []string{"b@example.com", "a@example.com"}
		spec.JWKS = &authv1alpha1.JSONWebKeySet{Keys: []authv1alpha1.JSONWebKey{{Kty: authv1alpha1.KeyOKP, Crv: "Ed25519", X: "eA"}}}
	}))
	have := settings.Merge(&authlete.Client{ClientID: 42}, declared)
	have.RedirectURIs = []string{"https://shop.example.com/a", "https://shop.example.com/b"}
	have.Contacts = []string{"a@example.com", "b@example.com"}
	have.GrantTypes = []authlete.GrantType{authlete.GrantRefreshToken, authlete.GrantAuthorizationCode}
	have.JWKS = strings.ReplaceAll(have.JWKS, ",", ", ")
	have.IDTokenSignAlg, have.SubjectType, have.ModifiedAt = authlete.RS256, "PUBLIC", 99
	have.Attributes = append([]authlete.Pair{{Key: "z", Value: "z"}}, have.Attributes...)
	have.Extension = &authlete.ClientExtension{RequestableScopes: []string{"not in force"}}
	have.Other = authlete.Other{"derivedSectorIdentifier": json.RawMessage(`"shop.example.com"`)}
	if differences := settings.Diff(have, declared); len(differences) > 0 {
		t.Errorf("the same client differs: %+v", differences)
	}
	have.RedirectURIs = have.RedirectURIs[:1]
	if len(settings.Diff(have, declared)) != 1 {
		t.Error("a redirect URI less makes no difference")
	}
}

// TestClientDifferencesFit: what is shown fits into a status, and has no client secret.
func TestClientDifferencesFit(t *testing.T) {
	t.Parallel()
	var have authlete.Client
	fill(reflect.ValueOf(&have).Elem())
	have.ClientSecret = "hidden-value"
	differences := settings.Diff(&have, declaredBy(t, application(nil)))
	if len(differences) < 20 || len(differences) > 64 {
		t.Errorf("%d differences", len(differences))
	}
	for _, difference := range differences {
		if strings.Contains(difference.Declared+difference.Actual, "hidden") || len(difference.Field) > 128 {
			t.Errorf("%+v", difference)
		}
	}
}
