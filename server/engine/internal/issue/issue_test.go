package issue_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// plainSigner returns the payload as it is and remembers the algorithm.
type plainSigner struct{ alg authlete.JWSAlg }

func (s *plainSigner) Sign(_ context.Context, alg authlete.JWSAlg, payload []byte, _ string) (string, error) {
	s.alg = alg
	return string(payload), nil
}

type settings struct{ service *authlete.Service }

func (s settings) Service() *authlete.Service { return s.service }

// zeros is randomness that can be predicted.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func newMinter(signer issue.Signer) *issue.Minter {
	return issue.NewMinter(issue.Deps{
		Signer: signer, Settings: settings{fixture.Service()}, Clock: func() time.Time { return now }, Rand: zeros{},
		DefaultAlg: authlete.RS256,
	})
}

func TestOpaque(t *testing.T) {
	t.Parallel()
	value, err := newMinter(nil).Opaque()
	if err != nil || value != strings.Repeat("A", 43) {
		t.Errorf("Opaque = %q, %v; want 32 bytes of the reader in base64url", value, err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

func TestNoRandomnessNoToken(t *testing.T) {
	t.Parallel()
	minter := issue.NewMinter(issue.Deps{Rand: brokenReader{}})
	if value, err := minter.Opaque(); err == nil {
		t.Errorf("Opaque = %q without randomness", value)
	}
}

func TestSuccessor(t *testing.T) {
	t.Parallel()
	old := store.RefreshToken{GrantID: "g", Scopes: []string{"a", "b"}, Generation: 4, ExpiresAt: now.Add(time.Hour)}
	refresh, err := newMinter(nil).Successor(&authlete.Client{ClientID: 7}, old, old.CreatedAt)
	if err != nil {
		t.Fatal(err)
	}
	want := store.RefreshToken{
		Hash: store.HashOf(refresh.Value), GrantID: "g", ClientID: 7, Scopes: []string{"a", "b"}, Generation: 5,
		CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	if diff := cmp.Diff(want, refresh.Record); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestIDTokenClaims(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		token issue.IDToken
		want  string
	}{
		"Least": {
			token: issue.IDToken{Audience: "app", Subject: "alice"},
			want:  `{"iss":"https://as.example.com","sub":"alice","aud":"app","exp":1772367000,"iat":1772366400}`,
		},
		"Hybrid": {
			// The examples of OpenID Connect Core 1.0, appendix A.4 and A.6.
			token: issue.IDToken{
				Audience: "app", Subject: "alice", Nonce: "n", AccessToken: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
				Code: "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
			},
			want: `{"iss":"https://as.example.com","sub":"alice","aud":"app","exp":1772367000,"iat":1772366400,"nonce":"n",` +
				`"at_hash":"77QmUPtjPfzWtF2AnpK9RQ","c_hash":"LDktKdoQak3Pk0cnXxCltA"}`,
		},
		"Login": {
			token: issue.IDToken{Audience: "app", Subject: "alice", Details: &issue.GrantDetails{AuthTime: 5, Acr: "loa", Sub: "p"}},
			want:  `{"iss":"https://as.example.com","sub":"p","aud":"app","exp":1772367000,"iat":1772366400,"auth_time":5,"acr":"loa"}`,
		},
		"ExtraClaimsCannotOverride": {
			token: issue.IDToken{Audience: "app", Subject: "alice", Details: &issue.GrantDetails{IDTokenClaims: json.RawMessage(
				`{"z":[1,{"b":2}],"a\"\u00e4":null,"iss":"x","sub":"x","aud":"x","exp":9,"iat":9,"nbf":9,"jti":"x","azp":"x",` +
					`"auth_time":9,"nonce":"x","acr":"x","at_hash":"x","c_hash":"x","s_hash":"x","sid":"x","cnf":{}}`)}},
			want: `{"iss":"https://as.example.com","sub":"alice","aud":"app","exp":1772367000,"iat":1772366400,"a\"` + "\u00e4" + `":null,"z":[1,{"b":2}]}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.token.Client = &authlete.Client{}
			if tc.token.Details == nil {
				tc.token.Details = &issue.GrantDetails{}
			}
			got, err := newMinter(&plainSigner{}).IDToken(t.Context(), tc.token)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIDTokenRefusesBrokenClaims(t *testing.T) {
	t.Parallel()
	details := &issue.GrantDetails{IDTokenClaims: json.RawMessage(`["not an object"]`)}
	token := issue.IDToken{Client: &authlete.Client{}, Details: details}
	if got, err := newMinter(&plainSigner{}).IDToken(t.Context(), token); err == nil {
		t.Errorf("IDToken = %q", got)
	}
}

func TestIDTokenAlgorithm(t *testing.T) {
	t.Parallel()
	for chosen, want := range map[authlete.JWSAlg]authlete.JWSAlg{"": authlete.RS256, authlete.ES256: authlete.ES256} {
		signer := &plainSigner{}
		token := issue.IDToken{Client: &authlete.Client{IDTokenSignAlg: chosen}, Details: &issue.GrantDetails{}}
		if _, err := newMinter(signer).IDToken(t.Context(), token); err != nil || signer.alg != want {
			t.Errorf("client's %q signed with %q, %v; want %q", chosen, signer.alg, err, want)
		}
	}
}

func TestDocumentsComeBack(t *testing.T) {
	t.Parallel()
	details := issue.GrantDetails{
		AuthTime: 1, Acr: "a", Sub: "s", AliasUsed: true, IDTokenClaims: json.RawMessage(`{"x":1}`),
		ClaimsAtUserInfo: []string{"email"}, UserInfoClaims: `{"email":null}`,
	}
	doc, err := details.Encode()
	if err != nil {
		t.Fatal(err)
	}
	gotDetails, err := issue.DecodeGrantDetails(doc)
	if diff := cmp.Diff(details, gotDetails); diff != "" || err != nil {
		t.Errorf("details (-want +got): %v\n%s", err, diff)
	}
	request := issue.CodeRequest{RedirectURI: "u", RedirectURISent: true, CodeChallenge: "c", CodeChallengeMethod: "S256", Nonce: "n"}
	if doc, err = request.Encode(); err != nil {
		t.Fatal(err)
	}
	gotRequest, err := issue.DecodeCodeRequest(doc)
	if diff := cmp.Diff(request, gotRequest); diff != "" || err != nil {
		t.Errorf("request (-want +got): %v\n%s", err, diff)
	}
	if empty, err := issue.DecodeGrantDetails(nil); err != nil || empty.Acr != "" {
		t.Errorf("no document: %+v, %v", empty, err)
	}
	for _, broken := range []string{"{", "[]", `{"authTime":"x"}`} {
		if _, err := issue.DecodeGrantDetails([]byte(broken)); err == nil {
			t.Errorf("details %q decoded", broken)
		}
	}
}

func TestUserInfoClaimNames(t *testing.T) {
	t.Parallel()
	got := issue.UserInfoClaimNames(&authlete.Service{SupportedScopes: []authlete.Scope{
		{Name: "custom", Attributes: []authlete.Pair{{Key: authlete.AttributeClaims, Value: "department  email"}}},
	}}, []string{"openid", "email", "phone", "custom"}, []string{"email", "groups", "sub", "groups"})
	want := []string{"email", "email_verified", "phone_number", "phone_number_verified", "department", "groups"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func FuzzIDTokenClaims(f *testing.F) {
	f.Add(`{"name":"Alice"}`, "nonce", "alice")
	f.Add(`{"sub":"x","a":{"b":[]}}`, "\"", "\x00\xff")
	f.Add(``, "", "")
	f.Fuzz(func(t *testing.T, claims, nonce, subject string) {
		got, err := newMinter(&plainSigner{}).IDToken(t.Context(), issue.IDToken{
			Client: &authlete.Client{}, Audience: "app", Subject: subject, Nonce: nonce,
			Details: &issue.GrantDetails{IDTokenClaims: json.RawMessage(claims)},
		})
		if err != nil {
			return
		}
		var payload map[string]any
		if err := json.Unmarshal([]byte(got), &payload); err != nil {
			t.Fatalf("payload %q: %v", got, err)
		}
		if payload["iss"] != fixture.Issuer || payload["aud"] != "app" || payload["exp"] != 1772367000.0 {
			t.Errorf("payload %q lost a protocol claim", got)
		}
	})
}
