package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestHintsOfRequests: what a request says of the person and the languages reaches the page and the claims.
func TestHintsOfRequests(t *testing.T) {
	t.Parallel()
	alice := servertest.Alice(t)
	alice.Claims["name#de"] = json.RawMessage(`"Alice auf Deutsch"`)
	s := servertest.Start(t, servertest.Options{Users: []configv1alpha1.User{alice}})
	client := s.Client(t, nil)
	browser := s.NewBrowser(t)
	page := browser.Authorize(map[string]string{
		"login_hint": "somebody@example.com", "claims_locales": "de", "claims": `{"id_token":{"name":null}}`,
	})
	if !strings.Contains(page.Body, `value="somebody@example.com"`) {
		t.Errorf("the page does not have the login hint:\n%s", page.Body)
	}
	claims := idTokenClaims(t, exchange(t, s, browser.LogIn(page, "alice"), client))
	if claims["name"] != "Alice auf Deutsch" && claims["name#de"] != "Alice auf Deutsch" {
		t.Errorf("the ID token does not have the name in the language that was asked for: %v", claims)
	}
}
