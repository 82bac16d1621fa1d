package details_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/details"
)

// of decodes an answer of the backend and puts it into words.
func of(t *testing.T, answer string) ([]details.Detail, error) {
	t.Helper()
	var response authlete.AuthorizationResponse
	if err := json.Unmarshal([]byte(answer), &response); err != nil {
		t.Fatal(err)
	}
	return details.Of(&response)
}

// TestWords: each member by which a request becomes richer is said in words, nested members and later ones included.
func TestWords(t *testing.T) {
	t.Parallel()
	const before = `"grantId":"g-1","grant":{"scopes":[{"scope":"accounts","resource":["https://api.example.com"]}],"claims":["email"],
		"authorizationDetails":{"elements":[{"type":"account","actions":["read"]}]}}`
	for name, test := range map[string]struct {
		answer string
		want   []details.Detail
	}{
		"a plain request": {`{"scopes":[{"name":"openid"}],"claims":["email"],"maxAge":0}`, nil},
		"members that say nothing": {`{"purpose":"","dynamicScopes":[],"authorizationDetails":{"elements":[]},"resources":null,"gmAction":null,
			"idTokenClaims":"{}","userInfoClaims":null,"issuableCredentials":"","credentialOfferInfo":null,"nativeSsoRequested":false,
			"type":"authorizationResponse","later":null,"flag":false,"count":0,"list":[],"object":{}}`, nil},
		"members that are harmless": {`{"requestObjectPayload":"{\"scope\":\"openid\"}","clientEntityIdUsed":true,"metadataDocumentUsed":true,
			"lowestPrompt":"CONSENT","idTokenClaims":"{\"email\":{\"essential\":true},\"sub\":{\"value\":\"1\"},\"acr\":{\"values\":[\"1\"]},\"name\":null}"}`, nil},
		"a payment": {
			`{"authorizationDetails":{"elements":[{"type":"payment_initiation","actions":["initiate","status"],"locations":["https://bank.example.com"],
			"dataTypes":["balance"],"privileges":["admin"],"identifier":"acc-1","otherFields":
			"{\"instructedAmount\":{\"currency\":\"EUR\",\"amount\":\"99999.00\"},\"instant\":true,\"creditors\":[{\"name\":\"M\"},\"N\"],\"note\":null,\"n\":1e3}",
			"limit":5}],"signed":"yes"}}`,
			[]details.Detail{
				{Title: "The application asks for access of the kind payment_initiation", Lines: []string{
					"actions: initiate, status", "locations: https://bank.example.com", "data: balance", "privileges: admin", "identifier: acc-1",
					"instructedAmount.currency: EUR", "instructedAmount.amount: 99999.00", "instant: yes", "creditors[1].name: M", "creditors[2]: N",
					"note: nothing", "n: 1e3", "limit: 5",
				}},
				{Title: "More about what the application asks for", Lines: []string{"signed: yes"}},
			},
		},
		"dynamic scopes": {
			`{"dynamicScopes":[{"name":"payment","value":"payment:35821"},{"name":"tx","value":"35822"},{"name":"only"},{"name":"a","value":"a:1","label":"L"}]}`,
			[]details.Detail{{Title: "Permissions for this occasion", Lines: []string{"payment:35821", "tx: 35822", "only", "a:1", "label: L"}}},
		},
		"a purpose": {`{"purpose":"To open an account"}`, []details.Detail{{Title: "Why the application asks", Lines: []string{"To open an account"}}}},
		"resources": {
			`{"resources":["https://a.example","https://b.example"]}`,
			[]details.Detail{{Title: "The access is for these services", Lines: []string{"https://a.example", "https://b.example"}}},
		},
		"a new grant": {`{"gmAction":"CREATE"}`, []details.Detail{{Title: "What you allow now is kept apart from what you allowed before"}}},
		"a replaced grant": {`{"gmAction":"REPLACE",` + before + `}`, []details.Detail{{
			Title: "What you allow now replaces what you allowed before", Lines: []string{
				"grant: g-1", "allowed before: accounts (https://api.example.com)", "allowed before, about you: email",
				"allowed before: access of the kind account; actions: read",
			},
		}}},
		"a merged grant": {`{"gmAction":"MERGE","grantId":"g"}`, []details.Detail{{
			Title: "What you allow now is added to what you allowed before", Lines: []string{"grant: g"},
		}}},
		"a grant without an action": {
			`{"grant":{"scopes":[{"scope":"a","until":"2030"}],"owner":"o"}}`,
			[]details.Detail{{Title: "The request refers to what you allowed before", Lines: []string{"allowed before: a", "until: 2030", "owner: o"}}},
		},
		"verified claims": {
			`{"idTokenClaims":"{\"verified_claims\":{\"claims\":{\"birthdate\":null}}}","userInfoClaims":"{\"verified_claims\":[{\"claims\":{\"birthdate\":null}}]}"}`,
			[]details.Detail{{Title: "Verified information about you", Lines: []string{"claims.birthdate: nothing", "[1].claims.birthdate: nothing"}}},
		},
		"verified claims, whichever": {`{"idTokenClaims":"{\"verified_claims\":null}"}`, []details.Detail{{
			Title: "Verified information about you", Lines: []string{"any"},
		}}},
		"verified claims, by name": {`{"claimsAtUserInfo":["verified_claims"]}`, []details.Detail{{
			Title: "Verified information about you", Lines: []string{"any"},
		}}},
		"the purpose of a claim": {
			`{"userInfoClaims":"{\"email\":{\"essential\":true,\"purpose\":\"To write to you\"}}"}`,
			[]details.Detail{{Title: "About the information that is asked for", Lines: []string{"email, purpose: To write to you"}}},
		},
		"transformed claims": {
			`{"transformedClaims":"{\"adult\":{\"claim\":\"birthdate\"}}","requestedClaimsForTx":["birthdate"],"requestedVerifiedClaimsForTx":[["address"],[]]}`,
			[]details.Detail{{Title: "What is computed from information about you", Lines: []string{
				"adult.claim: birthdate", "computed from: birthdate", "computed from verified: address",
			}}},
		},
		"credentials": {
			`{"issuableCredentials":"[{\"type\":\"identity card\"}]"}`,
			[]details.Detail{{Title: "Credentials that the application can collect", Lines: []string{"[1].type: identity card"}}},
		},
		"members of a later version": {
			`{"later":{"amount":"5","to":["x"]},"also":"y","type":"authorizationResponse"}`,
			[]details.Detail{{Title: "More that the request says", Lines: []string{"also: y", "later.amount: 5", "later.to[1]: x"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := of(t, test.answer)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnshowable: what cannot be shown, or not as it is, is an error that names the member and quotes nothing.
func TestUnshowable(t *testing.T) {
	t.Parallel()
	const secret = "secret-of-the-request"
	otherFields := func(text string) string {
		return `{"authorizationDetails":{"elements":[{"type":"t","otherFields":` + strconv.Quote(text) + `}]}}`
	}
	for name, test := range map[string]struct{ answer, member string }{
		"no type":                     {`{"authorizationDetails":{"elements":[{"identifier":"` + secret + `"}]}}`, "authorizationDetails"},
		"no JSON":                     {otherFields(`{"a":` + secret), "authorizationDetails"},
		"more than a value":           {otherFields(`{"a":1}{"b":"` + secret + `"}`), "authorizationDetails"},
		"an amount twice":             {otherFields(`{"amount":"1","amount":"` + secret + `"}`), "authorizationDetails"},
		"too deep":                    {otherFields(strings.Repeat(`{"a":`, 12) + "1" + strings.Repeat("}", 12)), "authorizationDetails"},
		"too long":                    {`{"purpose":"` + strings.Repeat("x", 9<<10) + `"}`, "the request"},
		"too many lines":              {`{"resources":[` + strings.Repeat(`"https://a.example",`, 100) + `"https://b.example"]}`, "the request"},
		"a grant to be asked for":     {`{"gmAction":"QUERY"}`, "gmAction"},
		"a grant to be revoked":       {`{"gmAction":"REVOKE"}`, "gmAction"},
		"an unknown action":           {`{"gmAction":"` + secret + `"}`, "gmAction"},
		"a grant that is no JSON":     {`{"grant":{"authorizationDetails":{"elements":[{"type":"t","otherFields":"` + secret + `"}]}}}`, "grant"},
		"claims that are no JSON":     {`{"idTokenClaims":"` + secret + `"}`, "idTokenClaims"},
		"claims that are a list":      {`{"userInfoClaims":"[1]"}`, "userInfoClaims"},
		"a claim that is a word":      {`{"userInfoClaims":"{\"email\":\"` + secret + `\"}"}`, "userInfoClaims"},
		"transformed, but no JSON":    {`{"transformedClaims":"` + secret + `"}`, "transformedClaims"},
		"credentials, but no JSON":    {`{"issuableCredentials":"` + secret + `"}`, "issuableCredentials"},
		"a credential offer":          {`{"credentialOfferInfo":{"preAuthorizedCode":"` + secret + `"}}`, "credentialOfferInfo"},
		"a login of the whole device": {`{"nativeSsoRequested":true}`, "nativeSsoRequested"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := of(t, test.answer)
			unshowable, ok := errors.AsType[*details.UnshowableError](err)
			if !ok || unshowable.Member != test.member || strings.Contains(err.Error(), secret) || got != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// TestTextIsShownAsItIs: characters that do not print, or that turn around what is beside them, cannot change what is read.
func TestTextIsShownAsItIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Zahlung für Müller & Söhne <b>": "Zahlung für Müller & Söhne <b>",
		"支払い":                            "支払い",
		"two\nlines":                     `"two\nlines"`,
		"turned \u202e around":           `"turned \u202e around"`,
		"zero\u200bwidth":                `"zero\u200bwidth"`,
		" padded ":                       `" padded "`,
		"no-break\u00a0space":            `"no-break\u00a0space"`,
		"nul\u0000":                      `"nul\x00"`,
	} {
		encoded, err := json.Marshal(map[string]any{
			"purpose": text, "resources": []string{text}, "later": map[string]string{text: text},
			"authorizationDetails": map[string]any{"elements": []any{map[string]any{"type": text, "actions": []string{text}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := of(t, string(encoded))
		wanted := []details.Detail{
			{Title: "Why the application asks", Lines: []string{want}},
			{Title: "The application asks for access of the kind " + want, Lines: []string{"actions: " + want}},
			{Title: "The access is for these services", Lines: []string{want}},
			{Title: "More that the request says", Lines: []string{"later." + want + ": " + want}},
		}
		if diff := cmp.Diff(wanted, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// FuzzOf: whatever a client can put into a request is shown line by line, or refused.
func FuzzOf(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}]}`, "text")
	f.Add(`{"a":1,"a":2}`, "\u202e")
	f.Fuzz(func(t *testing.T, fields, text string) {
		found, err := details.Of(&authlete.AuthorizationResponse{RichRequest: authlete.RichRequest{
			Purpose: text, AuthorizationDetails: &authlete.AuthorizationDetails{Elements: []authlete.AuthorizationDetailsElement{{Type: "t", OtherFields: fields}}},
		}})
		if err != nil {
			return
		}
		for _, detail := range found {
			for _, line := range append(detail.Lines, detail.Title) {
				if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == '\u202e' || c == '\u2028' }) {
					t.Errorf("%q", line)
				}
			}
		}
	})
}
