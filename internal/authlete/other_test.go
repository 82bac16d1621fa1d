package authlete_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

// compact returns JSON with the members of objects in a fixed order.
func compact(t *testing.T, text []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestUnknownMembersSurvive: who changes one setting must not lose those that this version does not know.
func TestUnknownMembersSurvive(t *testing.T) {
	t.Parallel()
	const service = `{"apiKey":1,"issuer":"https://a","fapiModes":["FAPI2_SECURITY"],"absent":null,"nested":{"a":[1,{"b":null}]},
		"supportedScopes":[{"name":"read","attributes":[{"key":"k","value":"v"}]}]}`
	var got authlete.Service
	if err := json.Unmarshal([]byte(service), &got); err != nil {
		t.Fatal(err)
	}
	if got.Issuer != "https://a" || len(got.Other) != 2 {
		t.Errorf("issuer %q, other %v", got.Issuer, got.Other)
	}
	got.Issuer = "https://b"
	written, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(written, &members); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"issuer": `"https://b"`, "fapiModes": `["FAPI2_SECURITY"]`, "nested": `{"a":[1,{"b":null}]}`,
		"supportedScopes": `[{"attributes":[{"key":"k","value":"v"}],"defaultEntry":false,"name":"read"}]`,
	} {
		if diff := cmp.Diff(want, compact(t, members[name])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, there := members["absent"]; there {
		t.Error("a null was written")
	}
}

func TestUnknownMembersOfClients(t *testing.T) {
	t.Parallel()
	const client = `{"clientId":7,"softwareId":"s","extension":{"requestableScopesEnabled":true,"tokenExchangePermitted":true},"CLIENTNAME":"Any case"}`
	var got authlete.Client
	if err := json.Unmarshal([]byte(client), &got); err != nil {
		t.Fatal(err)
	}
	want := authlete.Client{
		ClientID: 7, ClientName: "Any case", Other: authlete.Other{"softwareId": json.RawMessage(`"s"`)},
		Extension: &authlete.ClientExtension{RequestableScopesEnabled: true, Other: authlete.Other{"tokenExchangePermitted": json.RawMessage("true")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("client (-want +got):\n%s", diff)
	}
	written, err := json.Marshal(&got)
	if err != nil {
		t.Fatal(err)
	}
	var again authlete.Client
	if err := json.Unmarshal(written, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
}

// TestUnknownMembersOfRequests: what makes a request richer in a later version of the API is not lost, wherever it is; the
// members of embedded structures are known.
func TestUnknownMembersOfRequests(t *testing.T) {
	t.Parallel()
	const answer = `{"action":"INTERACTION","resultCode":"A004001","purpose":"to pay","new":{"amount":1},"gmAction":null,
		"authorizationDetails":{"elements":[{"type":"payment","limit":5}],"signed":true},"dynamicScopes":[{"name":"p","value":"p:1","label":"L"}],
		"grant":{"scopes":[{"scope":"a","until":"2030"}],"owner":"o"}}`
	var got authlete.AuthorizationResponse
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	want := authlete.AuthorizationResponse{
		Result: authlete.Result{ResultCode: "A004001"}, Action: authlete.AuthorizationInteraction, Other: other("new", `{"amount":1}`),
		RichRequest: authlete.RichRequest{
			Purpose:       "to pay",
			DynamicScopes: []authlete.DynamicScope{{Name: "p", Value: "p:1", Other: other("label", `"L"`)}},
			AuthorizationDetails: &authlete.AuthorizationDetails{
				Elements: []authlete.AuthorizationDetailsElement{{Type: "payment", Other: other("limit", "5")}}, Other: other("signed", "true"),
			},
			Grant: &authlete.Grant{Scopes: []authlete.GrantScope{{Scope: "a", Other: other("until", `"2030"`)}}, Other: other("owner", `"o"`)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	written, err := json.Marshal(&got)
	if err != nil {
		t.Fatal(err)
	}
	var again authlete.AuthorizationResponse
	if err := json.Unmarshal(written, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
}

func other(name, value string) authlete.Other { return authlete.Other{name: json.RawMessage(value)} }

// TestKnownMembersWin: whatever is among the others, in any case.
func TestKnownMembersWin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other authlete.Other
		want  string
	}{
		"nothing else": {nil, `{"description":"known","defaultEntry":false,"name":"read"}`},
		"known only":   {authlete.Other{"NAME": json.RawMessage(`"other"`)}, `{"description":"known","defaultEntry":false,"name":"read"}`},
		"known and not": {
			authlete.Other{"name": json.RawMessage(`"other"`), "new": json.RawMessage("1")},
			`{"description":"known","defaultEntry":false,"name":"read","new":1}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := len(test.other)
			written, err := json.Marshal(authlete.Scope{Name: "read", Description: "known", Other: test.other})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact(t, []byte(test.want)), compact(t, written)); diff != "" {
				t.Errorf("scope (-want +got):\n%s", diff)
			}
			if strings.Count(string(written), `"name"`) != 1 || strings.Contains(string(written), "NAME") {
				t.Errorf("the name was written twice: %s", written)
			}
			if len(test.other) != before {
				t.Error("the caller's map was changed")
			}
		})
	}
}

// TestNothingKnown: an object of which only the others are set is one, too.
func TestNothingKnown(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a number beyond 2^53": `{"new":12345678901234567890}`, "many": `{"a":[],"b":{},"c":"\u2028<","d":false}`, "none": `{}`, "a null": `{"new":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second authlete.ClientExtension
			if err := json.Unmarshal([]byte(text), &first); err != nil {
				t.Fatal(err)
			}
			written, err := json.Marshal(first)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(written, &second); err != nil {
				t.Fatal(err)
			}
			var was, is map[string]any
			if json.Unmarshal([]byte(text), &was) != nil || json.Unmarshal(written, &is) != nil {
				t.Fatalf("not JSON: %s", written)
			}
			for member, want := range was {
				if _, there := is[member]; there != (want != nil) {
					t.Errorf("%s: %v", member, is[member])
				}
			}
			if name == "a number beyond 2^53" && !strings.Contains(string(written), "12345678901234567890") {
				t.Errorf("the number was rounded: %s", written)
			}
		})
	}
}

// TestReadAgain: what is read into a value that was read before has only the others of its own.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	scope := authlete.Scope{Other: authlete.Other{"old": json.RawMessage("1")}}
	if err := json.Unmarshal([]byte(`{"name":"read"}`), &scope); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(authlete.Scope{Name: "read"}, scope); diff != "" {
		t.Errorf("scope (-want +got):\n%s", diff)
	}
	if _, err := json.Marshal(authlete.Scope{Other: authlete.Other{"new": json.RawMessage("{")}}); err == nil {
		t.Error("what is no JSON was written")
	}
}

func TestNotAnObject(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`[]`, `"x"`, `1`, `{"apiKey":{}}`} {
		if err := json.Unmarshal([]byte(text), &authlete.Service{}); err == nil {
			t.Errorf("%s was taken for a service", text)
		}
	}
	if err := json.Unmarshal([]byte("null"), &authlete.Service{}); err != nil {
		t.Errorf("null: %v", err)
	}
}
