package browser_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// slow issues when it is released, and says that it was asked.
type slow struct {
	authlete.Runtime

	asked, release chan struct{}
}

func (s *slow) AuthorizationIssue(ctx context.Context, req *authlete.AuthorizationIssueRequest) (*authlete.AuthorizationIssueResponse, error) {
	s.asked <- struct{}{}
	<-s.release
	return s.Runtime.AuthorizationIssue(ctx, req)
}

// TestDoubleClickArrives: who presses the button again while the answer takes its time arrives at the application. The
// browser drops the first request, and what is shown is the answer to the second.
func TestDoubleClickArrives(t *testing.T) {
	backend := &slow{asked: make(chan struct{}, 8), release: make(chan struct{})}
	w := newWorldOn(t, servertest.Options{Backend: func(runtime authlete.Runtime) authlete.Runtime {
		backend.Runtime = runtime
		return backend
	}}, nil)
	tb := newTab(t)
	tb.open(t, w.authorizeURL(nil))
	tb.logIn(t)
	select {
	case <-backend.asked:
	case <-time.After(patience):
		t.Fatal("the form was not sent")
	}
	tb.keys(t, kb.Enter) // the focus is still on the button
	close(backend.release)
	w.wantCode(t, http.MethodGet)
	tb.await(t, "#back")
}

// TestExpiredPageArrives: who sends a page that is too old gets it again, and arrives at the application.
func TestExpiredPageArrives(t *testing.T) {
	w := newWorld(t, nil)
	tb := newTab(t)
	tb.open(t, w.authorizeURL(nil))
	tb.await(t, username+":focus")
	w.server.Turn(time.Hour)
	tb.keys(t, "alice", kb.Tab, servertest.Password, kb.Enter)
	tb.await(t, "#problem")
	tb.await(t, password+":focus") // the name is still there
	tb.keys(t, servertest.Password, kb.Enter)
	w.wantCode(t, http.MethodGet)
	tb.await(t, "#back")
}

// TestLoginFieldsAreAboveTheFold: at 1280x720, whatever the application asks for.
func TestLoginFieldsAreAboveTheFold(t *testing.T) {
	w := newWorld(t, nil)
	tb := newTab(t)
	tb.do(t, command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 720, DeviceScaleFactor: 1}))
	tb.open(t, w.authorizeURL(map[string]string{"scope": "openid profile email " + longScope}))
	tb.await(t, username+":focus")
	if bottom := ask[float64](t, tb, `document.querySelector("input[name=password]").getBoundingClientRect().bottom + scrollY`); bottom > 720 {
		t.Errorf("the password field ends at %v of 720 pixels", bottom)
	}
}
