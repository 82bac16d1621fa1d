package authorizationserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/revocation"
	"github.com/authserver-dev/operator/internal/authlete"
)

// prober plays Authlete: it answers with err, and counts the questions.
type prober struct {
	err   error
	asked int
}

func (p *prober) Backend(context.Context, *authv1alpha1.AuthorizationServer) error {
	p.asked++
	return p.err
}

func (p *prober) Discovery(context.Context, *authv1alpha1.AuthorizationServer) error { return nil }

// watch is an operator that looks at Authlete, and its clock.
type watch struct {
	t      *testing.T
	now    time.Time
	prober prober
	r      *Reconciler
	scope  *scope
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	w := &watch{t: t, now: time.Unix(1_700_000_000, 0)}
	server := &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity", UID: "1", Generation: 1}}
	server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{}}
	w.scope = &scope{server: server, input: desired.Input{Server: server}}
	w.restart()
	return w
}

// restart starts the operator anew.
func (w *watch) restart() {
	w.r = &Reconciler{Prober: &w.prober, Clock: func() time.Time { return w.now }, Recorder: events.NewFakeRecorder(100)}
	w.r.Pacer = pace.New(w.r.Clock)
}

// look returns the condition after a time.
func (w *watch) look(after time.Duration) *metav1.Condition {
	w.t.Helper()
	w.now = w.now.Add(after)
	w.scope.nextLook = 0
	w.r.checkAuthlete(w.t.Context(), w.scope)
	return meta.FindStatusCondition(w.scope.server.Status.Conditions, authv1alpha1.ConditionBackendReachable)
}

func (w *watch) lastReachable() time.Time {
	w.t.Helper()
	b := w.scope.server.Status.Backend
	if b == nil || b.LastReachableTime == nil {
		w.t.Fatal("there is no time of the last answer")
	}
	return b.LastReachableTime.Time
}

// TestReachable: Authlete is asked now and then, and the status stays as it is for minutes.
func TestReachable(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	if c := w.look(0); c.Status != metav1.ConditionTrue || c.Reason != authv1alpha1.ReasonReachable || !w.lastReachable().Equal(w.now) {
		t.Errorf("condition %+v, last answer %s", c, w.lastReachable())
	}
	before := w.scope.server.Status.DeepCopy()
	for range 10 {
		w.look(time.Second)
	}
	if w.prober.asked != 1 || w.scope.nextLook != 20*time.Second {
		t.Errorf("asked %d times, next look in %s", w.prober.asked, w.scope.nextLook)
	}
	for range 9 {
		w.look(30 * time.Second)
	}
	if diff := cmp.Diff(*before, w.scope.server.Status); diff != "" || w.prober.asked != 10 {
		t.Errorf("asked %d times; the status changed (-before +after):\n%s", w.prober.asked, diff)
	}
	w.look(30 * time.Second)
	if !w.lastReachable().Equal(w.now) {
		t.Errorf("after %s the last answer is of %s", w.now, w.lastReachable())
	}
}

// TestOutage: it is noticed within a minute, its end within 10 s, and it is told exactly when the last answer was.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	w.look(0)
	w.look(30 * time.Second)
	last := w.now
	w.prober.err = &authlete.Error{Call: "client/get/list", Err: errors.New("connection refused")}
	waited := time.Duration(0)
	for c := w.look(0); c.Status == metav1.ConditionTrue; c = w.look(w.scope.nextLook) {
		if waited += w.scope.nextLook; waited >= time.Minute {
			t.Fatal("an outage of a minute was not noticed")
		}
	}
	c := w.look(0)
	if c.Reason != authv1alpha1.ReasonUnreachable || !w.lastReachable().Equal(last) {
		t.Errorf("condition %+v, last answer %s, want %s", c, w.lastReachable(), last)
	}
	before, asked := w.scope.server.Status.DeepCopy(), w.prober.asked
	for range 600 {
		w.look(time.Second)
	}
	if diff := cmp.Diff(*before, w.scope.server.Status); diff != "" {
		t.Errorf("the status changed in an outage (-before +after):\n%s", diff)
	}
	if times := w.prober.asked - asked; times < 150 || times > 250 {
		t.Errorf("asked %d times in ten minutes", times)
	}
	w.prober.err = nil
	began := w.now
	for c = w.look(0); c.Status != metav1.ConditionTrue; c = w.look(w.scope.nextLook) {
		if w.now.Sub(began) > 10*time.Second {
			t.Fatal("the end of an outage was not noticed")
		}
	}
	if !w.lastReachable().Equal(w.now) {
		t.Errorf("last answer %s, want %s", w.lastReachable(), w.now)
	}
}

// TestOutageAtStart: a new operator does not know when Authlete last answered, and leaves what the status says.
func TestOutageAtStart(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	w.prober.err = errors.New("no route")
	if w.look(0); w.scope.server.Status.Backend != nil {
		t.Errorf("status.backend is %+v", w.scope.server.Status.Backend)
	}
	w.prober.err = nil
	w.look(time.Minute)
	last := w.lastReachable()
	w.restart()
	w.prober.err = errors.New("no route")
	if c := w.look(time.Hour); c.Status != metav1.ConditionFalse || !w.lastReachable().Equal(last) {
		t.Errorf("condition %+v, last answer %s, want %s", c, w.lastReachable(), last)
	}
}

// TestAskedAtOnce: other credentials, and another way, are tried at once.
func TestAskedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	w.look(0)
	for name, change := range map[string]func(){
		"credentials":   func() { w.scope.reloaded = map[string][]byte{"authlete/service.access_token": []byte("new")} },
		"configuration": func() { w.scope.input.ConfigYAML = "backend: {}" },
		"authorities":   func() { w.scope.input.AuthleteCA = []byte("PEM") },
	} {
		asked := w.prober.asked
		if change(); w.look(0) == nil || w.prober.asked != asked+1 {
			t.Errorf("%s: not asked again", name)
		}
	}
}

func TestBackendAnswers(t *testing.T) {
	t.Parallel()
	refused := func(status int) error { return &authlete.Error{Call: "client/get/list", Status: status} }
	below := func(err error) error { return &authlete.Error{Call: "client/get/list", Err: err} }
	for name, test := range map[string]struct {
		err             error
		reason, message string
		wait            time.Duration
	}{
		"wrong token":       {refused(401), authv1alpha1.ReasonUnauthorized, "refuses", authleteRetry},
		"no permission":     {refused(403), authv1alpha1.ReasonUnauthorized, "refuses", authleteRetry},
		"broken":            {refused(500), authv1alpha1.ReasonBackendError, "500", authleteRetry},
		"too many calls":    {&authlete.Error{Status: 429, RetryAfter: 40 * time.Second}, authv1alpha1.ReasonBackendError, "429", 40 * time.Second},
		"for a day":         {&authlete.Error{Status: 429, RetryAfter: 24 * time.Hour}, authv1alpha1.ReasonBackendError, "429", 5 * time.Minute},
		"another authority": {below(&tls.CertificateVerificationError{Err: errors.New("x")}), authv1alpha1.ReasonUnreachable, "certificate", authleteRetry},
		"no such host":      {below(&net.DNSError{IsNotFound: true}), authv1alpha1.ReasonUnreachable, "does not exist", authleteRetry},
		"no answer":         {below(context.DeadlineExceeded), authv1alpha1.ReasonUnreachable, "does not answer", authleteRetry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatch(t)
			w.prober.err = test.err
			c := w.look(0)
			if c.Status != metav1.ConditionFalse || c.Reason != test.reason || !strings.Contains(c.Message, test.message) || w.scope.nextLook != test.wait {
				t.Errorf("condition %+v, next look in %s", c, w.scope.nextLook)
			}
		})
	}
}

// TestRefusedRevocations: a service without the call holds up nobody, is told of, and asked for a day.
func TestRefusedRevocations(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	backend := &revoker{err: &authlete.Error{Call: "auth/token/revoke", Status: 404}}
	w.r.Connector = backend
	s := w.scope
	s.input.Shards, s.revocations = [configv1alpha1.UserShards][]byte{}, [configv1alpha1.UserShards]revocation.Pending{}
	s.revocations[0] = revocation.Pending{"alice": w.now, "bob": w.now}
	step := func() {
		t.Helper()
		if goOn, err := w.r.revokeTokens(t.Context(), s); err != nil || !goOn || s.again != 0 {
			t.Fatalf("goes on: %t, again in %s, error: %v", goOn, s.again, err)
		}
	}
	for range 3 {
		step()
	}
	recorder, _ := w.r.Recorder.(*events.FakeRecorder)
	if told := <-recorder.Events; backend.asked != 1 || !strings.Contains(told, "TokensNotRevoked") || !strings.Contains(told, "2 users") {
		t.Errorf("asked %d times, told %q", backend.asked, told)
	}
	w.now = w.now.Add(6 * time.Minute)
	step()
	s.reloaded = map[string][]byte{"authlete/service.access_token": []byte("with permission")}
	step()
	if backend.asked != 3 {
		t.Errorf("asked %d times, want 3", backend.asked)
	}
	w.now = w.now.Add(25 * time.Hour)
	if over := w.r.giveUpRevocations(s, backend.err); over != 2 || len(s.revocations[0]) != 0 {
		t.Errorf("it is over for %d users, %v are left", over, s.revocations[0])
	}
}

// revoker refuses to revoke tokens.
type revoker struct {
	authlete.Management
	err   error
	asked int
}

func (r *revoker) Connect(context.Context, *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	return r, nil
}

func (r *revoker) TokenRevoke(context.Context, *authlete.TokenRevokeRequest) (*authlete.TokenRevokeResponse, error) {
	r.asked++
	return nil, r.err
}
