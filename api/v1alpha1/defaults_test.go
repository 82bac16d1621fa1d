package v1alpha1_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

func TestServerDefaults(t *testing.T) {
	t.Parallel()
	s := authv1alpha1.AuthorizationServerSpec{Issuer: "https://login.example.com:8443/a"}
	got := map[string]any{
		"replicas":      s.EffectiveReplicas(),
		"storage":       s.EffectiveStorageType(),
		"grace":         s.EffectiveTerminationGracePeriodSeconds(),
		"serviceType":   s.EffectiveServiceType(),
		"servicePort":   s.EffectiveServicePort(),
		"serviceName":   s.EffectiveServiceName(),
		"grantTypes":    s.EffectiveGrantTypes(),
		"responseTypes": s.EffectiveResponseTypes(),
		"tokens":        s.EffectiveTokens(),
		"signing":       s.EffectiveSigning(),
		"pkce":          s.EffectivePKCE(),
		"session":       s.EffectiveSession(),
		"login":         s.EffectiveLogin(),
		"log":           s.EffectiveLogLevel(),
		"connections":   (&authv1alpha1.PostgreSQLStorage{}).EffectiveMaxConnections(),
	}
	want := map[string]any{
		"replicas":      int32(1),
		"storage":       authv1alpha1.StorageType(""),
		"grace":         int64(30),
		"serviceType":   authv1alpha1.ServiceClusterIP,
		"servicePort":   int32(80),
		"serviceName":   "login.example.com:8443",
		"grantTypes":    []authv1alpha1.GrantType{"authorization_code", "refresh_token", "client_credentials"},
		"responseTypes": []authv1alpha1.ResponseType{"code"},
		"tokens": authv1alpha1.Tokens{
			AccessTokenSeconds: new(int32(3600)), RefreshTokenSeconds: new(int32(1209600)), IDTokenSeconds: new(int32(3600)),
			RefreshAbsoluteSeconds: new(int32(7776000)), RefreshLeewaySeconds: new(int32(5)),
			AuthorizationCodeSeconds: new(int32(60)), RefreshRotation: authv1alpha1.RefreshRotate,
		},
		"signing": authv1alpha1.Signing{Algorithm: authv1alpha1.SigningRS256, RotationIntervalDays: new(int32(90))},
		"pkce":    authv1alpha1.PKCE{Required: authv1alpha1.PKCEPublicClients, ChallengeMethods: authv1alpha1.PKCES256},
		"session": authv1alpha1.Session{
			IdleSeconds: new(int32(3600)), AbsoluteSeconds: new(int32(43200)), InteractionSeconds: new(int32(900)),
			Consent: authv1alpha1.ConsentRemember,
		},
		"login":       authv1alpha1.Login{FreeAttempts: new(int32(3)), MaxDelaySeconds: new(int32(300))},
		"log":         authv1alpha1.LogInfo,
		"connections": int32(10),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestServerValuesWinOverDefaults(t *testing.T) {
	t.Parallel()
	s := authv1alpha1.AuthorizationServerSpec{
		Replicas: new(int32(0)),
		TLS:      &authv1alpha1.TLS{},
		Signing:  authv1alpha1.Signing{RotationIntervalDays: new(int32(0))},
	}
	if got := s.EffectiveReplicas(); got != 0 {
		t.Errorf("replicas: got %d, want 0", got)
	}
	if got := s.EffectiveServicePort(); got != 443 {
		t.Errorf("port with TLS: got %d, want 443", got)
	}
	if got := *s.EffectiveSigning().RotationIntervalDays; got != 0 {
		t.Errorf("rotation interval: got %d, want 0", got)
	}
	s.Service.Port = new(int32(8443))
	if got := s.EffectiveServicePort(); got != 8443 {
		t.Errorf("port: got %d, want 8443", got)
	}
	s.GrantTypes = []authv1alpha1.GrantType{authv1alpha1.GrantClientCredentials}
	if got := s.EffectiveResponseTypes(); len(got) != 0 {
		t.Errorf("response types without authorization codes: got %v, want none", got)
	}
}

func TestEffectiveScopes(t *testing.T) {
	t.Parallel()
	s := authv1alpha1.AuthorizationServerSpec{Scopes: []authv1alpha1.Scope{
		{Name: "invoices:read"},
		{Name: "email", Grant: authv1alpha1.ScopeByDefault},
		{Name: "profile", Description: "Who you are at work"},
	}}
	var names []authv1alpha1.ScopeName
	described := map[authv1alpha1.ScopeName]string{}
	byDefault := map[authv1alpha1.ScopeName]bool{}
	for _, scope := range s.EffectiveScopes() {
		names = append(names, scope.Name)
		described[scope.Name] = scope.Description
		byDefault[scope.Name] = scope.Grant == authv1alpha1.ScopeByDefault
	}
	want := []authv1alpha1.ScopeName{"openid", "profile", "email", "address", "phone", "groups", "offline_access", "invoices:read"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if described["profile"] != "Who you are at work" || described["invoices:read"] != "invoices:read" || described["email"] == "" {
		t.Errorf("descriptions: got %v", described)
	}
	if !byDefault["email"] || byDefault["openid"] {
		t.Errorf("granted by default: got %v, want email only", byDefault)
	}
}

func TestEffectiveVolumeClaim(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sqlite *authv1alpha1.SQLiteStorage
		want   string
	}{
		"nothing said": {want: "1Gi"},
		"empty":        {sqlite: &authv1alpha1.SQLiteStorage{}, want: "1Gi"},
		"size": {
			sqlite: &authv1alpha1.SQLiteStorage{VolumeClaim: authv1alpha1.VolumeClaim{Size: new(resource.MustParse("5Gi"))}},
			want:   "5Gi",
		},
		"existing claim": {
			sqlite: &authv1alpha1.SQLiteStorage{VolumeClaim: authv1alpha1.VolumeClaim{ExistingClaimName: "data"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := authv1alpha1.AuthorizationServerSpec{Backend: authv1alpha1.Backend{Embedded: &authv1alpha1.EmbeddedBackend{
				Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageSQLite, SQLite: tt.sqlite},
			}}}
			claim := s.EffectiveVolumeClaim()
			got := ""
			if claim.Size != nil {
				got = claim.Size.String()
			}
			if got != tt.want {
				t.Errorf("size: got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUserDefaults(t *testing.T) {
	t.Parallel()
	u := authv1alpha1.OAuthUser{
		ObjectMeta: metav1.ObjectMeta{UID: "0b6e"},
		Spec:       authv1alpha1.OAuthUserSpec{Username: "Jane.DOE@Example.com"},
	}
	if got := u.EffectiveSubject(); got != "0b6e" {
		t.Errorf("subject: got %q, want the UID", got)
	}
	u.Spec.Subject = "s-1"
	if got := u.EffectiveSubject(); got != "s-1" {
		t.Errorf("subject: got %q, want s-1", got)
	}
	if !u.Spec.EffectiveActive() {
		t.Error("a user is active by default")
	}
	if got := u.Spec.UsernameKey(); got != "jane.doe@example.com" {
		t.Errorf("username key: got %q", got)
	}
	password := authv1alpha1.Password{}
	if got := password.EffectiveFormat(); got != authv1alpha1.PasswordPlain {
		t.Errorf("format: got %q, want Plain", got)
	}
	if got := password.SecretRef.KeyOr(authv1alpha1.DefaultPasswordKey); got != "password" {
		t.Errorf("key: got %q, want password", got)
	}
}

func TestClientDefaults(t *testing.T) {
	t.Parallel()
	c := authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app"}}
	got := map[string]any{
		"clientID": c.EffectiveClientID(), "clientName": c.EffectiveClientName(), "secret": c.EffectiveOutputSecretName(),
		"method": c.Spec.EffectiveAuthMethod(), "hasSecret": c.Spec.HasSecret(), "public": c.Spec.IsPublic(),
		"type": c.Spec.EffectiveApplicationType(), "consent": c.Spec.EffectiveConsent(),
		"grantTypes": c.Spec.EffectiveGrantTypes(), "responseTypes": c.Spec.EffectiveResponseTypes(),
	}
	want := map[string]any{
		"clientID": "app", "clientName": "app", "secret": "app-oauth",
		"method": authv1alpha1.AuthClientSecretBasic, "hasSecret": true, "public": false,
		"type": authv1alpha1.ApplicationWeb, "consent": authv1alpha1.ClientConsentAsk,
		"grantTypes":    []authv1alpha1.GrantType{"authorization_code", "refresh_token"},
		"responseTypes": []authv1alpha1.ResponseType{"code"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestAdoptedClientDefaults(t *testing.T) {
	t.Parallel()
	const (
		deletes, retains = authv1alpha1.ClientDelete, authv1alpha1.ClientRetain
		enforce, observe = authv1alpha1.ClientEnforce, authv1alpha1.ClientObserve
	)
	for name, test := range map[string]struct {
		adopt      bool
		management authv1alpha1.ClientManagement
		policy     authv1alpha1.ClientDeletionPolicy
		id         string

		wantID         string
		wantManagement authv1alpha1.ClientManagement
		wantPolicy     authv1alpha1.ClientDeletionPolicy
	}{
		"made here":               {false, "", "", "", "app", enforce, deletes},
		"made here, named":        {false, "", "", "shop", "shop", enforce, deletes},
		"adopted":                 {true, "", "", "", "4711", observe, retains},
		"adopted, named":          {true, "", "", "shop", "shop", observe, retains},
		"adopted, enforced":       {true, enforce, "", "", "4711", enforce, retains},
		"adopted, to be deleted":  {true, enforce, deletes, "", "4711", enforce, deletes},
		"observed, to be deleted": {true, observe, deletes, "", "4711", observe, retains},
	} {
		c := authv1alpha1.OAuthClient{ObjectMeta: metav1.ObjectMeta{Name: "app"}}
		c.Spec.ClientID, c.Spec.Management, c.Spec.DeletionPolicy = test.id, test.management, test.policy
		if test.adopt {
			c.Spec.Adopt = &authv1alpha1.ClientAdoption{Client: "4711"}
		}
		if got := c.EffectiveClientID(); got != test.wantID {
			t.Errorf("%s: client ID %q, want %q", name, got, test.wantID)
		}
		if got := c.Spec.EffectiveManagement(); got != test.wantManagement {
			t.Errorf("%s: management %q, want %q", name, got, test.wantManagement)
		}
		if got := c.Spec.EffectiveDeletionPolicy(); got != test.wantPolicy {
			t.Errorf("%s: deletion policy %q, want %q", name, got, test.wantPolicy)
		}
	}
}

// TestReservedClaims compares the list in Go with the rule in the schema.
func TestReservedClaims(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("../../config/crd/bases/authserver.dev_oauthusers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?s)'!\(self in \[(.*?)\]\)'`).FindSubmatch(schema)
	if rule == nil {
		t.Fatal("the rule about names of extra claims is not in the schema")
	}
	var claims []authv1alpha1.ExtraClaim
	for _, name := range regexp.MustCompile(`[a-z_]+`).FindAllString(string(rule[1]), -1) {
		claims = append(claims, authv1alpha1.ExtraClaim{Name: name, Value: apiextensionsv1.JSON{Raw: []byte("1")}})
	}
	s := authv1alpha1.OAuthUserSpec{ExtraClaims: append(claims, authv1alpha1.ExtraClaim{Name: "department"})}
	got := s.ReservedExtraClaims()
	if len(got) != len(claims) || len(got) < 40 || slices.Contains(got, "department") {
		t.Errorf("the schema reserves %d names, of which Go knows %d: %v", len(claims), len(got), got)
	}
	if diff := cmp.Diff(authv1alpha1.ReservedClaims(), got, cmp.Transformer("sort", func(in []string) []string {
		return slices.Sorted(slices.Values(in))
	})); diff != "" {
		t.Errorf("reserved in Go (-) and in the schema (+):\n%s", diff)
	}
}

// TestUnsetFieldsStayUnset guards server-side apply: what a caller did not set
// must not be written.
func TestUnsetFieldsStayUnset(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		object any
		want   string
	}{
		"server": {&authv1alpha1.AuthorizationServer{}, `{}`},
		"user":   {&authv1alpha1.OAuthUser{}, `{}`},
		"client": {&authv1alpha1.OAuthClient{}, `{}`},
		"spec": {
			&authv1alpha1.OAuthUser{Spec: authv1alpha1.OAuthUserSpec{Username: "jane"}},
			`{"spec":{"username":"jane"}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(tt.object)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSchemeKnowsEveryKind(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := authv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{
		authv1alpha1.KindAuthorizationServer, authv1alpha1.KindOAuthUser, authv1alpha1.KindOAuthClient,
	} {
		for _, name := range []string{kind, kind + "List"} {
			if !scheme.Recognizes(authv1alpha1.GroupVersion.WithKind(name)) {
				t.Errorf("the scheme does not know %s", name)
			}
		}
	}
}

func TestEndpointsOf(t *testing.T) {
	t.Parallel()
	const issuer = "https://login.example.com/blue"
	want := authv1alpha1.Endpoints{
		Issuer:        issuer,
		Discovery:     issuer + "/.well-known/openid-configuration",
		Authorization: issuer + "/api/authorization",
		Token:         issuer + "/api/token",
		JWKS:          issuer + "/api/jwks",
		Userinfo:      issuer + "/api/userinfo",
		Introspection: issuer + "/api/introspection",
		Revocation:    issuer + "/api/revocation",
	}
	if diff := cmp.Diff(want, authv1alpha1.EndpointsOf(issuer)); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}
