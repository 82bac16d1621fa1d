package authorizationserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine"
)

// service is a real engine behind a line that a test can cut, with a count of the calls.
type service struct {
	authlete.Management
	gets, updates int
	// getError and updateError are what the calls end with; deaf says that updates are answered and change nothing, and
	// stubborn that clientIdAliasEnabled stays off.
	getError, updateError error
	deaf, stubborn        bool
}

// Connect implements Connector.
func (s *service) Connect(context.Context, *authv1alpha1.AuthorizationServer) (authlete.Management, error) {
	return s, nil
}

func (s *service) ServiceGet(ctx context.Context) (*authlete.Service, error) {
	s.gets++
	if s.getError != nil {
		return nil, s.getError
	}
	return s.Management.ServiceGet(ctx)
}

func (s *service) ServiceUpdate(ctx context.Context, settings *authlete.Service) (*authlete.Service, error) {
	s.updates++
	switch {
	case s.updateError != nil:
		return nil, s.updateError
	case s.deaf:
		return s.Management.ServiceGet(ctx)
	default:
		changed := *settings
		changed.ClientIDAliasEnabled = changed.ClientIDAliasEnabled && !s.stubborn
		return s.Management.ServiceUpdate(ctx, &changed)
	}
}

// room is a server with its backend, and an operator whose clock the test turns.
type room struct {
	t          *testing.T
	now        time.Time
	backend    *service
	server     *authv1alpha1.AuthorizationServer
	reconciler *Reconciler
	events     *events.FakeRecorder
	registry   *prometheus.Registry
	wait       time.Duration
}

const roomIssuer = "https://login.example.com"

func newRoom(t *testing.T, management authv1alpha1.AuthleteManagement) *room {
	t.Helper()
	endpoints := authv1alpha1.EndpointsOf(roomIssuer)
	backend, err := engine.Open(t.Context(), engine.Options{
		KEK: bytes.Repeat([]byte{1}, 32), SigningAlgorithm: "ES256", Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Service: authlete.Service{
			Issuer: roomIssuer, AuthorizationEndpoint: endpoints.Authorization, TokenEndpoint: endpoints.Token, JWKSURI: endpoints.JWKS,
			RevocationEndpoint: endpoints.Revocation, IntrospectionEndpoint: endpoints.Introspection, UserInfoEndpoint: endpoints.Userinfo,
			AccessTokenDuration: 600, IDTokenDuration: 60, AuthorizationCodeDuration: 60, RefreshTokenDuration: 60, ClientIDAliasEnabled: true,
			Other: authlete.Other{"fapiModes": json.RawMessage(`["FAPI2"]`)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := backend.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &room{t: t, now: time.Unix(1_700_000_000, 0), backend: &service{Management: backend}}
	r.server = &authv1alpha1.AuthorizationServer{ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: "identity", UID: "1", Generation: 1}}
	r.server.Spec.Issuer = roomIssuer
	r.server.Spec.Tokens.AccessTokenSeconds = new(int32(600))
	r.server.Spec.Backend = authv1alpha1.Backend{
		Type: authv1alpha1.BackendAuthlete, Authlete: &authv1alpha1.AuthleteBackend{Management: management},
	}
	r.restart()
	return r
}

// restart starts the operator anew.
func (r *room) restart() {
	r.t.Helper()
	r.events, r.registry = events.NewFakeRecorder(100), prometheus.NewRegistry()
	r.reconciler = &Reconciler{Connector: r.backend, Recorder: r.events, Clock: func() time.Time { return r.now }}
	r.reconciler.Pacer = pace.New(r.reconciler.Clock)
	var err error
	if r.reconciler.repairs, err = newRepairs(r.registry); err != nil {
		r.t.Fatal(err)
	}
}

// reconcile does what a reconcile of a server does that works, except for its settings, and returns its condition.
func (r *room) reconcile() metav1.Condition {
	r.t.Helper()
	status.Begin(r.server)
	s := &scope{server: r.server}
	for _, fact := range summarized() {
		status.Mark(r.server, fact, true, "Yes", "")
	}
	if goOn, err := r.reconciler.checkSettings(r.t.Context(), s); err != nil || !goOn {
		r.t.Fatalf("goes on: %t, error: %v", goOn, err)
	}
	summarize(r.server)
	r.wait = result(s).RequeueAfter
	if c := meta.FindStatusCondition(r.server.Status.Conditions, authv1alpha1.ConditionSettingsMatch); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// tamper changes settings behind the operator's back.
func (r *room) tamper(change func(s *authlete.Service)) {
	r.t.Helper()
	have := r.settings()
	change(have)
	if _, err := r.backend.Management.ServiceUpdate(r.t.Context(), have); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) settings() *authlete.Service {
	r.t.Helper()
	have, err := r.backend.Management.ServiceGet(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return have
}

// pass lets time pass until the next reconcile.
func (r *room) pass(d time.Duration) { r.now = r.now.Add(d) }

// told returns the events since the last time.
func (r *room) told() []string {
	var all []string
	for {
		select {
		case event := <-r.events.Events:
			all = append(all, event)
		default:
			return all
		}
	}
}

func (r *room) expectCondition(got metav1.Condition, state metav1.ConditionStatus, reason string) {
	r.t.Helper()
	if got.Status != state || got.Reason != reason || got.ObservedGeneration != r.server.Generation {
		r.t.Errorf("condition is %s %s (%s) of generation %d, want %s %s of %d",
			got.Status, got.Reason, got.Message, got.ObservedGeneration, state, reason, r.server.Generation)
	}
}

func (r *room) expectTold(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.told()); diff != "" {
		r.t.Errorf("events (-want +got):\n%s", diff)
	}
}

func (r *room) expectCalls(gets, updates int) {
	r.t.Helper()
	if r.backend.gets != gets || r.backend.updates != updates {
		r.t.Errorf("%d reads and %d changes, want %d and %d", r.backend.gets, r.backend.updates, gets, updates)
	}
}

// counted returns the repairs by the metric.
func (r *room) counted() float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "authserver_operator_settings_repairs_total" {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return -1
}

// shortLived is what the tests do behind the operator's back: one declared setting, one undeclared, one that is unknown.
func shortLived(s *authlete.Service) {
	s.AccessTokenDuration, s.IDTokenDuration = 60, 77
	s.Other["dcrScopeUsedAsRequestable"] = json.RawMessage("true")
}

func shortLivedDifferences() []authv1alpha1.SettingDifference {
	return []authv1alpha1.SettingDifference{{Field: "accessTokenDuration", Declared: "600", Actual: "60"}}
}
