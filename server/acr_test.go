package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// acrCase is a request that says something about the class of the login.
type acrCase struct {
	change map[string]string
	// set and unset say what the answer has with and without a class of password logins: its acr, "" for none, or an error.
	set, unset string
}

func acrCases(class string) map[string]acrCase {
	const unmet = "unmet_authentication_requirements"
	claims := func(text string) map[string]string {
		return map[string]string{"claims": `{"id_token":{"acr":` + text + `}}`}
	}
	return map[string]acrCase{
		"not asked":                      {nil, "", ""},
		"acr_values":                     {map[string]string{"acr_values": class}, class, ""},
		"acr_values of others":           {map[string]string{"acr_values": "1 2"}, class, ""},
		"claim":                          {claims(`null`), class, ""},
		"claim with the value":           {claims(`{"value":"` + class + `"}`), class, ""},
		"claim with another value":       {claims(`{"value":"1"}`), class, ""},
		"essential claim":                {claims(`{"essential":true}`), class, ""},
		"essential with the value":       {claims(`{"essential":true,"value":"` + class + `"}`), class, unmet},
		"essential with values":          {claims(`{"essential":true,"values":["1","` + class + `"]}`), class, unmet},
		"essential with another value":   {claims(`{"essential":true,"value":"1"}`), unmet, unmet},
		"essential with other values":    {claims(`{"essential":true,"values":["1","2"]}`), unmet, unmet},
		"another claim that looks alike": {map[string]string{"claims": `{"id_token":{"acrx":null}}`}, "", ""},
	}
}

// TestAcr: discovery says of the class of a login what the server keeps, on every response path.
func TestAcr(t *testing.T) {
	t.Parallel()
	const class = "urn:example:password"
	for path, wire := range map[string]*servertest.Wire{
		"embedded": nil, "2.x": {Version: credentials.V2}, "3.0": {Version: credentials.V3},
	} {
		for _, set := range []bool{true, false} {
			name := path + " without a class"
			if set {
				name = path + " with a class"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := servertest.Start(t, servertest.Options{Wire: wire, Configure: func(c *configv1alpha1.ServerConfig) {
					if set {
						c.Login.ACR = class
					}
				}})
				checkAcrDiscovery(t, s, class, set)
				for name, test := range acrCases(class) {
					want := test.unset
					if set {
						want = test.set
					}
					if got := acrOf(t, s, test.change); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			})
		}
	}
}

// acrOf logs alice in, has the session answer the same request again, and returns the class in the ID token, or the error.
func acrOf(t *testing.T, s *servertest.Server, change map[string]string) string {
	t.Helper()
	client := s.Client(t, nil)
	defer func() {
		if err := s.Engine.ClientDelete(t.Context(), client.ClientIDAlias); err != nil {
			t.Fatal(err)
		}
	}()
	browser := s.NewBrowser(t)
	page := browser.Authorize(change)
	if page.Location != nil {
		return page.Parameter(t, "error")
	}
	acr := func(end servertest.Page) string {
		class, _ := idTokenClaims(t, exchange(t, s, end, client))["acr"].(string)
		return class
	}
	first := acr(browser.LogIn(page, "alice"))
	if again := acr(browser.Authorize(change)); again != first {
		t.Errorf("%v: the session's answer has the class %q, the login's %q", change, again, first)
	}
	return first
}

func checkAcrDiscovery(t *testing.T, s *servertest.Server, class string, set bool) {
	t.Helper()
	response, err := http.Get(s.URL + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var document struct {
		Values []string `json:"acr_values_supported"`
		Claims []string `json:"claims_supported"`
	}
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if published := slices.Equal(document.Values, []string{class}); published != set || !set && document.Values != nil {
		t.Errorf("acr_values_supported: %v", document.Values)
	}
	if slices.Contains(document.Claims, "acr") != set {
		t.Errorf("claims_supported: %v", document.Claims)
	}
}
