package token_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
)

func withPassword(s *authlete.Service) {
	s.SupportedGrantTypes = append(s.SupportedGrantTypes, authlete.GrantPassword)
}

func (w *world) askPassword(t *testing.T) string {
	t.Helper()
	response := w.as(t, "app", form("grant_type", "password", "username", "alice", "password", "pw", "scope", "openid read"))
	if response.Action != authlete.TokenPassword || response.Username != "alice" || response.Password != "pw" || response.Ticket == "" {
		t.Fatalf("response %+v, want PASSWORD with ticket and credentials", response)
	}
	if diff := cmp.Diff([]string{"read"}, response.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	if response.ResponseContent != "" || response.AccessToken != "" {
		t.Error("there is something for the client already")
	}
	return response.Ticket
}

func TestPasswordIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPassword)
	ticket := w.askPassword(t)
	request := &authlete.TokenIssueRequest{Ticket: ticket, Subject: "alice"}
	response, err := w.endpoint.TokenIssue(t.Context(), request)
	if err != nil || response.Action != authlete.TokenIssueOK {
		t.Fatalf("TokenIssue = %+v, %v", response, err)
	}
	content := body(t, response.ResponseContent)
	if content["scope"] != "read" || content["access_token"] != response.AccessToken || content["id_token"] != nil {
		t.Errorf("content %v", content)
	}
	if !w.live(t, response.AccessToken) {
		t.Error("the access token is not in force")
	}
	refresh, _ := content["refresh_token"].(string)
	wantOK(t, w.as(t, "app", form("grant_type", "refresh_token", "refresh_token", refresh)))

	again, err := w.endpoint.TokenIssue(t.Context(), request)
	if err != nil || again.Action != authlete.TokenIssueInternalServerError || again.ResultCode != "E054201" {
		t.Errorf("second TokenIssue = %+v, %v; want the ticket used up", again, err)
	}
}

func TestPasswordIssueRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change  func(*world)
		subject string
		want    string
	}{
		"NoSubject":     {change: func(*world) {}, want: "E054202"},
		"ExpiredTicket": {change: func(w *world) { w.Clock.Advance(5 * time.Minute) }, subject: "alice", want: "E054201"},
		"LockedClient": {change: func(w *world) {
			w.UpdateClient("app", func(c *authlete.Client) { c.Locked = true })
			w.Clock.Advance(3 * time.Second)
		}, subject: "alice", want: "E054203"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withPassword)
			ticket := w.askPassword(t)
			tc.change(w)
			response, err := w.endpoint.TokenIssue(t.Context(), &authlete.TokenIssueRequest{Ticket: ticket, Subject: tc.subject})
			if err != nil || response.Action != authlete.TokenIssueInternalServerError || response.ResultCode != tc.want {
				t.Errorf("TokenIssue = %+v, %v; want %s", response, err, tc.want)
			}
		})
	}
}

func TestPasswordFail(t *testing.T) {
	t.Parallel()
	tests := map[authlete.TokenFailReason]struct {
		action authlete.TokenFailAction
		code   string
	}{
		authlete.TokenFailInvalidResourceOwnerCredentials: {action: authlete.TokenFailBadRequest, code: "invalid_grant"},
		authlete.TokenFailInvalidTarget:                   {action: authlete.TokenFailBadRequest, code: "invalid_target"},
		authlete.TokenFailUnknown:                         {action: authlete.TokenFailBadRequest, code: "invalid_request"},
		"MOON_PHASE":                                      {action: authlete.TokenFailInternalServerError, code: "server_error"},
	}
	for reason, tc := range tests {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withPassword)
			ticket := w.askPassword(t)
			response, err := w.endpoint.TokenFail(t.Context(), &authlete.TokenFailRequest{Ticket: ticket, Reason: reason})
			if err != nil || response.Action != tc.action || body(t, response.ResponseContent)["error"] != tc.code {
				t.Errorf("TokenFail = %+v, %v; want %s %s", response, err, tc.action, tc.code)
			}
			if tc.code == "server_error" {
				return
			}
			again, err := w.endpoint.TokenFail(t.Context(), &authlete.TokenFailRequest{Ticket: ticket, Reason: reason})
			if diff := cmp.Diff(response, again); err != nil || diff != "" {
				t.Errorf("the same refusal again: %v (-first +again):\n%s", err, diff)
			}
		})
	}
}

func TestPasswordNeedsCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPassword)
	for _, values := range [][]string{{"username", "alice"}, {"password", "pw"}, {}} {
		response := w.as(t, "app", form(append([]string{"grant_type", "password"}, values...)...))
		wantError(t, response, "invalid_request", "E051301")
	}
	response := w.as(t, "plain", form("grant_type", "password", "username", "alice", "password", fixture.Secret))
	wantError(t, response, "unauthorized_client", "E050304")
}
