package session_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/authserver-dev/operator/server/session"
)

// TestHistory: a browser keeps its identity and the last people who logged in there, and nothing that it made up itself.
func TestHistory(t *testing.T) {
	t.Parallel()
	ring := sealer(t, key("a"))
	cookies := session.NewCookies(session.Options{Sealer: ring, Issuer: "https://as.example.com", Secure: true})
	read := func(cookie *http.Cookie) session.History {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		if cookie != nil {
			r.AddCookie(cookie)
		}
		return cookies.History(r)
	}
	history := read(nil)
	if history.ID != "" || len(history.Subjects) != 0 {
		t.Errorf("a new browser has the history %+v", history)
	}
	var last *http.Cookie
	for i := range 12 {
		id := history.ID
		cookie, err := cookies.HistoryCookie(history, strconv.Itoa(i%10))
		if err != nil {
			t.Fatal(err)
		}
		if cookie.MaxAge < 86400 || !cookie.HttpOnly || !cookie.Secure || len(cookie.Value) > 1024 {
			t.Errorf("cookie %+v", cookie)
		}
		if history, last = read(cookie), cookie; id != "" && history.ID != id || len(history.ID) < 16 {
			t.Errorf("the identity changed from %q to %q", id, history.ID)
		}
	}
	if want := []string{"4", "5", "6", "7", "8", "9", "0", "1"}; !slices.Equal(history.Subjects, want) {
		t.Errorf("subjects %v, want %v", history.Subjects, want)
	}
	sealedSession, err := ring.Seal(session.PurposeSession, history)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"made up": `{"id":"x","sub":["1"]}`, "a session": sealedSession, "empty": ""} {
		last.Value = value
		if got := read(last); got.ID != "" || len(got.Subjects) != 0 {
			t.Errorf("%s: history %+v", name, got)
		}
	}
}
