package userinfo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/userinfo"
)

// world is a userinfo endpoint.
type world struct {
	*fixture.Fixture
	endpoint *userinfo.Endpoint
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	f := fixture.New(tb)
	f.AddClient(1, "app")
	return &world{Fixture: f, endpoint: userinfo.New(userinfo.Deps{Registry: f.Registry, Store: f.Store, Subjects: f.Subjects, Clock: f.Clock.Now})}
}

// token returns an access token for scopes.
func (w *world) token(details issue.GrantDetails, scopes ...string) issue.Access {
	access, _ := w.Tokens(fixture.Grant{Scopes: scopes, Details: details})
	return access
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	access := w.token(issue.GrantDetails{ClaimsAtUserInfo: []string{"groups"}, UserInfoClaims: `{"groups":null}`}, "openid", "email")
	got, err := w.endpoint.UserInfo(t.Context(), &authlete.UserInfoRequest{Token: access.Value})
	if err != nil {
		t.Fatal(err)
	}
	want := &authlete.UserInfoResponse{
		Result: authlete.Result{ResultCode: "E091001", ResultMessage: "[E091001] The access token presented at the userinfo endpoint is valid."},
		Action: authlete.UserInfoOK, Claims: []string{"email", "email_verified", "groups"}, ClientID: 1,
		Scopes: []string{"openid", "email"}, Subject: fixture.Subject, Token: access.Value, UserInfoClaims: `{"groups":null}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func TestUserInfoIssue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		details issue.GrantDetails
		request authlete.UserInfoIssueRequest
		want    string
	}{
		"NoClaims": {want: `{"sub":"alice"}`},
		"Claims": {
			request: authlete.UserInfoIssueRequest{Claims: `{"name":"A","address":{"country":"DE"}}`},
			want:    `{"sub":"alice","address":{"country":"DE"},"name":"A"}`,
		},
		"SubIsNoClaim": {request: authlete.UserInfoIssueRequest{Claims: `{"sub":"mallory"}`}, want: `{"sub":"alice"}`},
		"SubOfIDToken": {details: issue.GrantDetails{Sub: "p1"}, want: `{"sub":"p1"}`},
		"SubOfTheCall": {details: issue.GrantDetails{Sub: "p1"}, request: authlete.UserInfoIssueRequest{Sub: "p2"}, want: `{"sub":"p2"}`},
		"NullClaims":   {request: authlete.UserInfoIssueRequest{Claims: `null`}, want: `{"sub":"alice"}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.request.Token = w.token(tc.details, "openid").Value
			got, err := w.endpoint.UserInfoIssue(t.Context(), &tc.request)
			if err != nil || got.Action != authlete.UserInfoIssueJSON {
				t.Fatalf("UserInfoIssue = %+v, %v", got, err)
			}
			if diff := cmp.Diff(tc.want, got.ResponseContent); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUserInfoIssueRefusesBrokenClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(issue.GrantDetails{}, "openid").Value
	for _, claims := range []string{"[]", "{", `"x"`, "1"} {
		got, err := w.endpoint.UserInfoIssue(t.Context(), &authlete.UserInfoIssueRequest{Token: token, Claims: claims})
		if err != nil || got.Action != authlete.UserInfoIssueInternalServerError {
			t.Errorf("claims %q: %+v, %v", claims, got, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		token  func(*testing.T, *world) string
		action authlete.UserInfoAction
		error  string
	}{
		"NoToken": {
			token:  func(*testing.T, *world) string { return "" },
			action: authlete.UserInfoBadRequest, error: "invalid_request",
		},
		"Unknown": {
			token:  func(*testing.T, *world) string { return "nope" },
			action: authlete.UserInfoUnauthorized, error: "invalid_token",
		},
		"Expired": {
			token: func(_ *testing.T, w *world) string {
				defer w.Clock.Advance(time.Hour)
				return w.token(issue.GrantDetails{}, "openid").Value
			},
			action: authlete.UserInfoUnauthorized, error: "invalid_token",
		},
		"Revoked": {
			token: func(t *testing.T, w *world) string {
				t.Helper()
				access := w.token(issue.GrantDetails{}, "openid")
				if err := w.Store.RevokeGrant(t.Context(), access.Record.GrantID, w.Clock.Now()); err != nil {
					t.Fatal(err)
				}
				return access.Value
			},
			action: authlete.UserInfoUnauthorized, error: "invalid_token",
		},
		"NoOpenID": {
			token:  func(_ *testing.T, w *world) string { return w.token(issue.GrantDetails{}, "read").Value },
			action: authlete.UserInfoForbidden, error: "insufficient_scope",
		},
		"ClientCredentials": {
			token: func(t *testing.T, w *world) string {
				t.Helper()
				spec := issue.Spec{Client: &authlete.Client{ClientID: 1}, Scopes: []string{"openid"}}
				access, err := w.Minter.Access(spec)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Store.IssueTokens(t.Context(), nil, store.Tokens{Access: &access.Record}); err != nil {
					t.Fatal(err)
				}
				return access.Value
			},
			action: authlete.UserInfoUnauthorized, error: "invalid_token",
		},
		"RefreshToken": {
			token: func(_ *testing.T, w *world) string {
				_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"openid"}})
				return refresh.Value
			},
			action: authlete.UserInfoUnauthorized, error: "invalid_token",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := tc.token(t, w)
			got, err := w.endpoint.UserInfo(t.Context(), &authlete.UserInfoRequest{Token: token})
			if err != nil || got.Action != tc.action || !strings.HasPrefix(got.ResponseContent, `Bearer error="`+tc.error+`",`) {
				t.Errorf("UserInfo = %+v, %v; want %s, %s", got, err, tc.action, tc.error)
			}
			if name == "ClientCredentials" && got.ResultCode != "E088305" {
				t.Errorf("result %s, want the token refused for having no end-user", got.ResultMessage)
			}
			if got.Subject != "" || got.Claims != nil {
				t.Errorf("the refusal names subject %q and claims %v", got.Subject, got.Claims)
			}
			issued, err := w.endpoint.UserInfoIssue(t.Context(), &authlete.UserInfoIssueRequest{Token: token})
			if err != nil || string(issued.Action) != string(tc.action) || issued.ResponseContent != got.ResponseContent {
				t.Errorf("UserInfoIssue = %+v, %v; want what UserInfo said", issued, err)
			}
		})
	}
}

func FuzzUserInfoIssueClaims(f *testing.F) {
	w := newWorld(f)
	token := w.token(issue.GrantDetails{}, "openid").Value
	f.Add(`{"name":"Alice"}`)
	f.Add(`{"sub":"x","\u0000":[{}]}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, claims string) {
		got, err := w.endpoint.UserInfoIssue(t.Context(), &authlete.UserInfoIssueRequest{Token: token, Claims: claims})
		if err != nil {
			t.Fatal(err)
		}
		if got.Action != authlete.UserInfoIssueJSON {
			return
		}
		var content map[string]any
		if err := json.Unmarshal([]byte(got.ResponseContent), &content); err != nil || content["sub"] != fixture.Subject {
			t.Errorf("content %q: %v", got.ResponseContent, err)
		}
	})
}
