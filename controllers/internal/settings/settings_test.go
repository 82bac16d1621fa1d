package settings_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/internal/authlete"
)

const issuer = "https://login.example.com"

// server returns a server of which only the issuer is set, and what else the test sets.
func server(set func(spec *authv1alpha1.AuthorizationServerSpec)) *authv1alpha1.AuthorizationServer {
	s := &authv1alpha1.AuthorizationServer{}
	s.Spec.Issuer = issuer
	if set != nil {
		set(&s.Spec)
	}
	return s
}

// service returns a service that has what a server of the issuer always declares, and settings and members of its own.
func service(set func(s *authlete.Service)) *authlete.Service {
	s := &authlete.Service{
		APIKey: 21653835348762, ServiceName: "At Authlete", Issuer: issuer, CreatedAt: 1639373421000, ModifiedAt: 1639373421000,
		AuthorizationEndpoint: issuer + "/api/authorization", TokenEndpoint: issuer + "/api/token", JWKSURI: issuer + "/api/jwks",
		RevocationEndpoint: issuer + "/api/revocation", IntrospectionEndpoint: issuer + "/api/introspection", UserInfoEndpoint: issuer + "/api/userinfo",
		SupportedScopes: []authlete.Scope{
			{Name: "openid", Description: "of Authlete", Other: authlete.Other{"attributes": json.RawMessage(`[{"key":"fapi","value":"r"}]`)}},
			{Name: "invoices", DefaultEntry: true, Other: authlete.Other{"descriptions": json.RawMessage(`[{"tag":"ja","value":"x"}]`)}},
		},
		SupportedGrantTypes:    []authlete.GrantType{"REFRESH_TOKEN", "AUTHORIZATION_CODE", "CIBA"},
		SupportedResponseTypes: []authlete.ResponseType{"CODE"},
		AccessTokenDuration:    600, RefreshTokenDuration: 3600, ClientIDAliasEnabled: true, ScopeRequired: true,
		Other: authlete.Other{"apiSecret": json.RawMessage(`"hidden-value"`), "fapiModes": json.RawMessage(`["FAPI2"]`), "number": json.RawMessage("5041")},
	}
	if set != nil {
		set(s)
	}
	return s
}

// TestClaimsOfScopes: the claims of the scopes are added to those that the service supports already.
func TestClaimsOfScopes(t *testing.T) {
	t.Parallel()
	declared := settings.Of(server(func(spec *authv1alpha1.AuthorizationServerSpec) {
		spec.Scopes = []authv1alpha1.Scope{{Name: "email"}, {Name: "work", Claims: []authv1alpha1.ClaimName{"department", "email"}}}
	}))
	have := service(func(s *authlete.Service) { s.SupportedClaims = []string{"their_own", "email"} })
	merged := settings.Merge(have, declared)
	for _, claim := range []string{"their_own", "sub", "name", "email", "email_verified", "groups", "department"} {
		if !slices.Contains(merged.SupportedClaims, claim) {
			t.Errorf("%s is not supported: %v", claim, merged.SupportedClaims)
		}
	}
	once := slices.Compact(slices.Sorted(slices.Values(merged.SupportedClaims)))
	if left := settings.Diff(merged, declared); len(left) > 0 || len(once) != len(merged.SupportedClaims) {
		t.Errorf("after the change %v differs, claims are %v", left, merged.SupportedClaims)
	}
	plain := settings.Of(server(func(spec *authv1alpha1.AuthorizationServerSpec) { spec.Scopes = []authv1alpha1.Scope{{Name: "openid"}} }))
	if got := settings.Merge(have, plain).SupportedClaims; len(got) != 2 {
		t.Errorf("without claims in the spec: %v", got)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spec func(spec *authv1alpha1.AuthorizationServerSpec)
		have func(s *authlete.Service)
		want []authv1alpha1.SettingDifference
	}{
		"nothing declared but the issuer": {nil, nil, nil},
		"everything else is Authlete's":   {nil, func(s *authlete.Service) { *s = *service(nil); s.AccessTokenDuration, s.PkceRequired = 1, true }, nil},
		"another issuer": {
			func(spec *authv1alpha1.AuthorizationServerSpec) { spec.Issuer = "https://a.example?b=1&c=2" }, func(s *authlete.Service) {
				*s = authlete.Service{ClientIDAliasEnabled: true}
			}, []authv1alpha1.SettingDifference{
				{Field: "authorizationEndpoint", Declared: `"https://a.example?b=1&c=2/api/authorization"`},
				{Field: "introspectionEndpoint", Declared: `"https://a.example?b=1&c=2/api/introspection"`},
				{Field: "issuer", Declared: `"https://a.example?b=1&c=2"`},
				{Field: "jwksUri", Declared: `"https://a.example?b=1&c=2/api/jwks"`},
				{Field: "revocationEndpoint", Declared: `"https://a.example?b=1&c=2/api/revocation"`},
				{Field: "tokenEndpoint", Declared: `"https://a.example?b=1&c=2/api/token"`},
				{Field: "userInfoEndpoint", Declared: `"https://a.example?b=1&c=2/api/userinfo"`},
			},
		},
		"aliases are off": {
			nil, func(s *authlete.Service) { s.ClientIDAliasEnabled = false },
			[]authv1alpha1.SettingDifference{{Field: "clientIdAliasEnabled", Declared: "true", Actual: "false"}},
		},
		"display": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.Display = authv1alpha1.Display{ServiceName: "Here", LogoURI: "https://l", PolicyURI: "https://p", TosURI: "https://t"}
			}, func(s *authlete.Service) { s.PolicyURI = "https://p" }, []authv1alpha1.SettingDifference{
				{Field: "serviceName", Declared: `"Here"`, Actual: `"At Authlete"`}, {Field: "tosUri", Declared: `"https://t"`},
			},
		},
		"tokens": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.Tokens = authv1alpha1.Tokens{
					AccessTokenSeconds: new(int32(600)), RefreshTokenSeconds: new(int32(60)), IDTokenSeconds: new(int32(30)),
					AuthorizationCodeSeconds: new(int32(10)), RefreshRotation: authv1alpha1.RefreshKeep,
				}
			}, nil, []authv1alpha1.SettingDifference{
				{Field: "idTokenDuration", Declared: "30", Actual: "0"},
				{Field: "refreshTokenDuration", Declared: "60", Actual: "3600"},
				{Field: "refreshTokenKept", Declared: "true", Actual: "false"},
			},
		},
		"rotation and proof keys, the strict way": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.Tokens.RefreshRotation = authv1alpha1.RefreshRotate
				spec.PKCE = authv1alpha1.PKCE{Required: authv1alpha1.PKCEAlways, ChallengeMethods: authv1alpha1.PKCES256}
			}, nil, []authv1alpha1.SettingDifference{
				{Field: "pkceRequired", Declared: "true", Actual: "false"}, {Field: "pkceS256Required", Declared: "true", Actual: "false"},
			},
		},
		"proof keys, the lax way": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.PKCE = authv1alpha1.PKCE{Required: authv1alpha1.PKCEPublicClients, ChallengeMethods: authv1alpha1.PKCES256AndPlain}
			}, func(s *authlete.Service) { s.PkceRequired, s.PkceS256Required = true, true }, []authv1alpha1.SettingDifference{
				{Field: "pkceRequired", Declared: "false", Actual: "true"}, {Field: "pkceS256Required", Declared: "false", Actual: "true"},
			},
		},
		"the same grant types in another order": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.GrantTypes = []authv1alpha1.GrantType{authv1alpha1.GrantAuthorizationCode, authv1alpha1.GrantRefreshToken}
			}, func(s *authlete.Service) {
				s.SupportedGrantTypes = []authlete.GrantType{"REFRESH_TOKEN", "AUTHORIZATION_CODE", "REFRESH_TOKEN"}
			}, nil,
		},
		"other grant and response types": {
			func(spec *authv1alpha1.AuthorizationServerSpec) {
				spec.GrantTypes = []authv1alpha1.GrantType{authv1alpha1.GrantAuthorizationCode, authv1alpha1.GrantImplicit}
				spec.ResponseTypes = []authv1alpha1.ResponseType{authv1alpha1.ResponseCodeIDTokenToken, authv1alpha1.ResponseCode}
			}, nil, []authv1alpha1.SettingDifference{
				{Field: "supportedGrantTypes", Declared: `["AUTHORIZATION_CODE","IMPLICIT"]`, Actual: `["AUTHORIZATION_CODE","CIBA","REFRESH_TOKEN"]`},
				{Field: "supportedResponseTypes", Declared: `["CODE","CODE_ID_TOKEN_TOKEN"]`, Actual: `["CODE"]`},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, settings.Diff(service(tt.have), settings.Of(server(tt.spec)))); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	openid, invoices := service(nil).SupportedScopes[0], service(nil).SupportedScopes[1]
	described := invoices
	described.Description = "Your invoices"
	described.DefaultEntry = false
	tests := map[string]struct {
		spec             []authv1alpha1.Scope
		declared, actual string
		want             []authlete.Scope
	}{
		"named by name only":  {[]authv1alpha1.Scope{{Name: "invoices"}}, "", "", []authlete.Scope{openid, invoices}},
		"set to what is true": {[]authv1alpha1.Scope{{Name: "invoices", Grant: authv1alpha1.ScopeByDefault}}, "", "", []authlete.Scope{openid, invoices}},
		"changed": {
			[]authv1alpha1.Scope{{Name: "invoices", Description: "Your invoices", Grant: authv1alpha1.ScopeOnRequest}},
			`[{"name":"invoices","description":"Your invoices"}]`, `[{"name":"invoices","defaultEntry":true}]`,
			[]authlete.Scope{openid, described},
		},
		"new, and one is not declared": {
			[]authv1alpha1.Scope{{Name: "b"}, {Name: "a", Description: "A", Grant: authv1alpha1.ScopeByDefault}},
			`[{"name":"a","description":"A","defaultEntry":true},{"name":"b","description":"b"}]`, `[{"name":"invoices","defaultEntry":true}]`,
			[]authlete.Scope{openid, {Name: "b", Description: "b"}, {Name: "a", Description: "A", DefaultEntry: true}},
		},
		"a standard one that is missing": {
			[]authv1alpha1.Scope{{Name: "invoices"}, {Name: "email"}},
			`[{"name":"email","description":"Your email address"}]`, "",
			[]authlete.Scope{openid, invoices, {Name: "email", Description: "Your email address"}},
		},
		"a standard one that is there": {
			[]authv1alpha1.Scope{{Name: "openid", Description: "Who you are"}, {Name: "invoices"}},
			`[{"name":"openid","description":"Who you are"}]`, `[{"name":"openid","description":"of Authlete"}]`,
			[]authlete.Scope{{Name: "openid", Description: "Who you are", Other: openid.Other}, invoices},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared := settings.Of(server(func(spec *authv1alpha1.AuthorizationServerSpec) { spec.Scopes = tt.spec }))
			var want []authv1alpha1.SettingDifference
			if tt.declared+tt.actual != "" {
				want = []authv1alpha1.SettingDifference{{Field: "supportedScopes", Declared: tt.declared, Actual: tt.actual}}
			}
			if diff := cmp.Diff(want, settings.Diff(service(nil), declared)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, settings.Merge(service(nil), declared).SupportedScopes); diff != "" {
				t.Errorf("merged scopes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLongValuesFitIntoAStatus: the schema of the status allows 256 characters.
func TestLongValuesFitIntoAStatus(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ä", 254) // with its quotes 256 characters, and 510 bytes
	for _, tt := range []struct{ name, want string }{{name, `"` + name + `"`}, {name + "ä", `"` + name + "…"}} {
		declared := settings.Of(server(func(spec *authv1alpha1.AuthorizationServerSpec) { spec.Display.ServiceName = "Here" }))
		got := settings.Diff(service(func(s *authlete.Service) { s.ServiceName = tt.name }), declared)[0].Actual
		if got != tt.want || utf8.RuneCountInString(got) > 256 {
			t.Errorf("%q (%d characters), want %q", got, utf8.RuneCountInString(got), tt.want)
		}
	}
}

// members returns the JSON members of a service.
func members(t *testing.T, s *authlete.Service) map[string]any {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestMergeProperty: whatever is declared and whatever the service has, a merged service has no differences left, and
// what was changed is just what differed.
func TestMergeProperty(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for range 2000 {
		declared, have := settings.Of(anyServer(source)), anyService(source)
		before := members(t, have)
		differences := settings.Diff(have, declared)
		merged := settings.Merge(have, declared)
		if left := settings.Diff(merged, declared); len(left) > 0 {
			t.Fatalf("differences are left: %v", left)
		}
		if diff := cmp.Diff(before, members(t, have)); diff != "" {
			t.Fatalf("Merge changed its argument (-before +after):\n%s", diff)
		}
		after := members(t, merged)
		var touched, want []string
		for name := range union(before, after) {
			if !reflect.DeepEqual(before[name], after[name]) {
				touched = append(touched, name)
			}
		}
		for _, difference := range differences {
			want = append(want, difference.Field)
		}
		slices.Sort(touched)
		if diff := cmp.Diff(want, touched); diff != "" {
			t.Fatalf("members that changed (-that differed +that did):\n%s", diff)
		}
		changed += len(touched)
	}
	if changed < 1000 {
		t.Errorf("only %d settings were changed: the test proves little", changed)
	}
}

func union(a, b map[string]any) map[string]bool {
	all := map[string]bool{}
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return all
}

func pick[T any](source *rand.Rand, values ...T) T { return values[source.IntN(len(values))] }

// some returns some of the values, in some order.
func some[T any](source *rand.Rand, values ...T) []T {
	var all []T
	for _, i := range source.Perm(len(values))[:source.IntN(len(values)+1)] {
		all = append(all, values[i])
	}
	return all
}

func anyServer(source *rand.Rand) *authv1alpha1.AuthorizationServer {
	return server(func(spec *authv1alpha1.AuthorizationServerSpec) {
		spec.Issuer = pick(source, issuer, "https://other.example.com/tenant")
		spec.Display = authv1alpha1.Display{ServiceName: pick(source, "", "A"), PolicyURI: pick(source, authv1alpha1.WebURI(""), "https://p")}
		spec.Tokens = authv1alpha1.Tokens{
			AccessTokenSeconds: pick(source, nil, new(int32(60))), IDTokenSeconds: pick(source, nil, new(int32(600))),
			RefreshRotation: pick(source, "", authv1alpha1.RefreshKeep, authv1alpha1.RefreshRotate),
		}
		spec.PKCE.Required = pick(source, "", authv1alpha1.PKCEAlways, authv1alpha1.PKCEPublicClients)
		spec.GrantTypes = some(source, authv1alpha1.GrantAuthorizationCode, authv1alpha1.GrantRefreshToken, authv1alpha1.GrantPassword)
		spec.ResponseTypes = some(source, authv1alpha1.ResponseCode, authv1alpha1.ResponseCodeIDToken)
		for _, name := range some(source, authv1alpha1.ScopeName("openid"), "a", "b", "c") {
			spec.Scopes = append(spec.Scopes, authv1alpha1.Scope{
				Name: name, Description: pick(source, "", "D"), Grant: pick(source, "", authv1alpha1.ScopeOnRequest, authv1alpha1.ScopeByDefault),
			})
		}
	})
}

func anyService(source *rand.Rand) *authlete.Service {
	return service(func(s *authlete.Service) {
		s.Issuer, s.ServiceName, s.PolicyURI = pick(source, issuer, "", "x"), pick(source, "A", "B"), pick(source, "", "https://p")
		s.AccessTokenDuration, s.IDTokenDuration = pick[int64](source, 0, 60), pick[int64](source, 0, 600)
		s.RefreshTokenKept, s.PkceRequired, s.ClientIDAliasEnabled = pick(source, true, false), pick(source, true, false), pick(source, true, false)
		s.SupportedGrantTypes = some(source, authlete.GrantAuthorizationCode, authlete.GrantRefreshToken, authlete.GrantPassword, "CIBA")
		s.SupportedResponseTypes = some(source, authlete.ResponseCode, authlete.ResponseCodeIDToken)
		s.SupportedScopes = nil
		for _, name := range some(source, "openid", "email", "a", "b", "z") {
			s.SupportedScopes = append(s.SupportedScopes, authlete.Scope{
				Name: name, Description: pick(source, "", "D", "E"), DefaultEntry: pick(source, true, false),
				Other: pick(source, nil, authlete.Other{"attributes": json.RawMessage(`[]`)}),
			})
		}
	})
}
