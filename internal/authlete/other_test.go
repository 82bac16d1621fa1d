package authlete_test

import (
	"encoding/json"
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
