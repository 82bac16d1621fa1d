package clients

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// Which client registration a program uses.
const (
	confidential = "client.json"
	public       = "client-public.json"
)

// foreign is a client that this project did not write.
type foreign struct {
	name    string
	program func(*testing.T) []string
	client  string
	// withoutRefresh and withoutRevocation say what the library leaves to the application.
	withoutRefresh, withoutRevocation bool
	// withoutUserInfo says that the library reads nothing but the ID token.
	withoutUserInfo bool
	// introspects says that the program introspects an access token of its own.
	introspects bool
}

func foreigners() []foreign {
	return []foreign{
		{name: "openid-client", program: node("openid-client.mjs"), client: confidential, introspects: true},
		{name: "oidc-client-ts", program: node("oidc-client-ts.mjs"), client: public},
		{name: "auth-js", program: node("auth-js.mjs"), client: confidential, withoutRefresh: true, withoutRevocation: true, withoutUserInfo: true},
		{name: "authlib", program: python("authlib_client.py"), client: confidential, introspects: true},
		{name: "social-auth-core", program: python("social_client.py"), client: confidential, withoutRevocation: true},
		{name: "zitadel-oidc", program: golang("zitadel"), client: confidential},
		{name: "go-oidc", program: golang("goidc"), client: confidential, withoutRevocation: true},
	}
}

// TestClients: every client logs in, sees name, address and groups, refreshes and revokes.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, f := range foreigners() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			command := f.program(t)
			s := start(t)
			f.check(t, s, converse(t, s, command, register(t, s, f.client)))
		})
	}
}

// start starts a server with the defaults of the operator, and a person who is in groups.
func start(t *testing.T) *servertest.Server {
	t.Helper()
	alice := servertest.Alice(t)
	alice.Claims["groups"] = json.RawMessage(`["admins","staff"]`)
	return servertest.Start(t, servertest.Options{
		Users:     []configv1alpha1.User{alice},
		Configure: func(config *configv1alpha1.ServerConfig) { config.Backend.Embedded.Signing.Algorithm = "" },
	})
}

// register registers a client as the operator does for an OAuthClient that names redirect URIs only. What it registers is
// in testdata; a test of controllers/oauthclient keeps it so.
func register(t *testing.T, s *servertest.Server, file string) *authlete.Client {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return s.Client(t, func(client *authlete.Client) {
		*client = authlete.Client{}
		if err := json.Unmarshal(text, client); err != nil {
			t.Fatal(err)
		}
	})
}

// result is what a client program found.
type result struct {
	// IDToken are the claims of the ID token, as the library hands them to the application.
	IDToken map[string]any `json:"idToken"`
	// User is how the library itself describes the person, if it does.
	User map[string]any `json:"user"`
	// UserInfo is what the library read at the userinfo endpoint.
	UserInfo map[string]any `json:"userinfo"`
	// RefreshedIDToken and RefreshedUserInfo are the same after a refresh.
	RefreshedIDToken  map[string]any `json:"refreshedIDToken"`
	RefreshedUserInfo map[string]any `json:"refreshedUserInfo"`
	// Introspected is what introspection says of an access token of the client's own.
	Introspected map[string]any `json:"introspected"`
	// First is the first access token, Revoked one whose grant the library revoked.
	First   string `json:"first"`
	Revoked string `json:"revoked"`
}

// check checks what the client found.
func (f foreign) check(t *testing.T, s *servertest.Server, found result) {
	t.Helper()
	full := offersGroups(t, s)
	seen := map[string]map[string]any{}
	if full {
		seen["ID token"] = found.IDToken
	}
	if found.IDToken["sub"] != "1001" {
		t.Errorf("ID token: %v", found.IDToken)
	}
	if !f.withoutUserInfo {
		seen["userinfo"] = found.UserInfo
	}
	if !f.withoutRefresh {
		if full {
			seen["ID token after the refresh"] = found.RefreshedIDToken
		}
		seen["userinfo after the refresh"] = found.RefreshedUserInfo
	}
	for place, claims := range seen {
		groups, _ := claims["groups"].([]any)
		if claims["sub"] != "1001" || claims["name"] != "Alice Adams" || claims["email"] != "alice@example.com" || full && len(groups) != 2 {
			t.Errorf("%s: %v", place, claims)
		}
	}
	if full && found.User != nil && (found.User["name"] != "Alice Adams" || found.User["email"] != "alice@example.com") {
		t.Errorf("user: %v", found.User)
	}
	if f.introspects && (found.Introspected["active"] != true || found.Introspected["sub"] != "1001") {
		t.Errorf("introspection: %v", found.Introspected)
	}
	if found.First == "" {
		t.Error("no access token came")
	}
	if f.withoutRevocation {
		return
	}
	if found.Revoked == "" || found.Revoked == found.First || works(t, s, found.Revoked) {
		t.Error("the revoked access token works")
	}
}

// offersGroups says whether the server offers the scope groups, and with it the claims of scopes in ID tokens.
func offersGroups(t *testing.T, s *servertest.Server) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/.well-known/openid-configuration", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var document struct {
		Scopes []string `json:"scopes_supported"`
	}
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	return slices.Contains(document.Scopes, scopeGroups)
}

// works says whether the userinfo endpoint takes the access token.
func works(t *testing.T, s *servertest.Server, token string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/userinfo", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}
