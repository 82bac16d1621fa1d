package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/authserver-dev/operator/test/servertest"
)

// TestPersonWhoIsBrieflyUnknown: whatever asks for a person who is missing in the user files for a moment uses nothing up.
func TestPersonWhoIsBrieflyUnknown(t *testing.T) {
	t.Parallel()
	s, client, browser := start(t)
	end := browser.LogIn(browser.Authorize(nil), "alice")
	tokens := exchange(t, s, end, client)
	refresh := func() int {
		status, _, _ := post(t, s, "/api/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)},
		}, "app", client.ClientSecret)
		return status
	}
	active := func() bool {
		_, _, answer := post(t, s, "/api/introspection", url.Values{"token": {tokens["access_token"].(string)}}, "api", servertest.IntrospectionSecret)
		return answer["active"] == true
	}
	s.SetUsers(t, servertest.Bob(t))
	awaitUsers(t, s, 1)
	if active() || refresh() != http.StatusBadRequest {
		t.Error("tokens of a person who is unknown serve")
	}
	s.SetUsers(t, servertest.Alice(t), servertest.Bob(t))
	awaitUsers(t, s, 2)
	s.Turn(time.Minute) // no leeway helps
	if !active() {
		t.Error("the access token is not active any more")
	}
	if status := refresh(); status != http.StatusOK {
		t.Errorf("refreshing: %d", status)
	}
}
