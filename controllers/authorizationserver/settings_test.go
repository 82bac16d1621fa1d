package authorizationserver

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

func TestObserve(t *testing.T) {
	t.Parallel()
	r := newRoom(t, "") // the default
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectTold()
	r.tamper(shortLived)
	want := r.settings()
	r.pass(time.Minute)
	r.expectCondition(r.reconcile(), metav1.ConditionFalse, authv1alpha1.ReasonDiffering)
	if diff := cmp.Diff(shortLivedDifferences(), r.server.Status.Backend.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	r.expectTold("Warning SettingsDiffer not as declared at Authlete: accessTokenDuration")
	if !status.IsTrue(r.server, authv1alpha1.ConditionReady) {
		t.Error("a server that is only observed is not Ready")
	}
	// Nothing changes: nothing is written or told.
	before := r.server.DeepCopy()
	for range 3 {
		r.pass(time.Minute)
		r.reconcile()
	}
	if diff := cmp.Diff(before, r.server); diff != "" {
		t.Errorf("the status changed with nothing else changed (-before +after):\n%s", diff)
	}
	r.expectTold()
	r.expectCalls(5, 0)
	if diff := cmp.Diff(want, r.settings()); diff != "" {
		t.Errorf("settings that were only observed changed (-before +after):\n%s", diff)
	}
	r.tamper(func(s *authlete.Service) { s.AccessTokenDuration = 600 })
	r.pass(time.Minute)
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectTold("Normal SettingsAsDeclared the service at Authlete has the declared settings again")
}

func TestEnforce(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementEnforce)
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectCalls(1, 0)
	r.tamper(shortLived)
	want := r.settings()
	want.AccessTokenDuration = 600
	r.pass(time.Minute)
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectCalls(2, 1)
	got := r.settings()
	want.ModifiedAt, got.ModifiedAt = 0, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	r.expectTold("Normal SettingsRepaired changed back to what is declared at Authlete: accessTokenDuration")
	if b := r.server.Status.Backend; b.Repairs != 1 || len(b.Differences) != 0 || r.counted() != 1 {
		t.Errorf("%d repairs, %.0f by the metric, differences %v; want 1, 1, none", b.Repairs, r.counted(), b.Differences)
	}
	before := r.server.DeepCopy()
	r.pass(time.Minute)
	r.reconcile()
	if diff := cmp.Diff(before, r.server); diff != "" {
		t.Errorf("the status changed with nothing else changed (-before +after):\n%s", diff)
	}
	r.expectCalls(3, 1)
	r.expectTold()
	// The count outlives the operator, and a status that is behind.
	r.restart()
	r.tamper(shortLived)
	r.reconcile()
	r.server.Status.Backend.Repairs = 0
	r.reconcile()
	if got := r.server.Status.Backend.Repairs; got != 2 {
		t.Errorf("%d repairs, want 2", got)
	}
}

func TestNone(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementObserve)
	r.tamper(shortLived)
	r.reconcile()
	r.server.Spec.Backend.Authlete.Management = authv1alpha1.ManagementNone
	r.server.Generation++
	r.expectCondition(r.reconcile(), metav1.ConditionUnknown, authv1alpha1.ReasonSettingsNotManaged)
	if got := r.server.Status.Backend.Differences; len(got) != 0 {
		t.Errorf("differences are left: %v", got)
	}
	r.expectCalls(1, 0)
	if r.wait != checkInterval || !status.IsTrue(r.server, authv1alpha1.ConditionReady) {
		t.Errorf("next reconcile after %s, conditions %v", r.wait, r.server.Status.Conditions)
	}
	r.server.Spec.Backend = authv1alpha1.Backend{Type: authv1alpha1.BackendEmbedded, Embedded: &authv1alpha1.EmbeddedBackend{}}
	if got := r.reconcile(); got.Type != "" || r.server.Status.Backend != nil {
		t.Errorf("with the embedded engine the condition is %v, the status %v", got, r.server.Status.Backend)
	}
	r.expectCalls(1, 0)
}

func TestSettingsAreReadOnceAMinute(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementObserve)
	for range 10 {
		r.reconcile()
		r.pass(time.Second)
	}
	r.expectCalls(1, 0)
	if want := 51 * time.Second; r.wait != want {
		t.Errorf("next reconcile after %s, want %s", r.wait, want)
	}
	r.pass(50 * time.Second)
	r.reconcile()
	r.expectCalls(2, 0)
	// A change of the spec is looked at at once.
	r.server.Generation++
	r.server.Spec.Tokens.AccessTokenSeconds = new(int32(601))
	r.expectCondition(r.reconcile(), metav1.ConditionFalse, authv1alpha1.ReasonDiffering)
	r.expectCalls(3, 0)
	// A new operator shows the same, and tells it once only.
	r.told()
	r.restart()
	before := r.server.DeepCopy()
	r.reconcile()
	if diff := cmp.Diff(before, r.server); diff != "" {
		t.Errorf("a new operator changed the status (-before +after):\n%s", diff)
	}
	r.expectTold()
	r.tamper(func(s *authlete.Service) { s.Issuer = "https://elsewhere.example.com" })
	r.pass(time.Minute)
	r.reconcile()
	r.expectTold("Warning SettingsDiffer not as declared at Authlete: accessTokenDuration, issuer")
}

func TestUnreachableBackend(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		reason string
		wait   time.Duration
	}{
		"no connection":  {&authlete.Error{Call: "service/get", Err: errors.New("connection refused")}, authv1alpha1.ReasonUnreachable, settingsRetry},
		"no credentials": {errors.New("not there yet"), authv1alpha1.ReasonUnreachable, settingsRetry},
		"unauthorized":   {&authlete.Error{Status: http.StatusUnauthorized}, authv1alpha1.ReasonUnauthorized, settingsRetry},
		"broken":         {&authlete.Error{Status: http.StatusInternalServerError}, authv1alpha1.ReasonBackendError, settingsRetry},
		"too many calls": {
			&authlete.Error{Status: http.StatusTooManyRequests, RetryAfter: 40 * time.Second}, authv1alpha1.ReasonBackendError, 40 * time.Second,
		},
		"too many calls, a nonsense time": {
			&authlete.Error{Status: http.StatusTooManyRequests, RetryAfter: 9000 * time.Hour}, authv1alpha1.ReasonBackendError, pace.MaxHold,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, authv1alpha1.ManagementEnforce)
			r.server.Spec.Backend.Authlete.Management = authv1alpha1.ManagementObserve
			r.tamper(shortLived)
			r.reconcile()
			r.told()
			r.server.Spec.Backend.Authlete.Management = authv1alpha1.ManagementEnforce
			r.reconciler.Pacer = pace.New(r.reconciler.Clock)
			r.backend.getError = tt.err
			r.pass(time.Minute)
			r.expectCondition(r.reconcile(), metav1.ConditionUnknown, tt.reason)
			if diff := cmp.Diff(shortLivedDifferences(), r.server.Status.Backend.Differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if !status.IsTrue(r.server, authv1alpha1.ConditionReady) {
				t.Error("an outage counts twice: BackendReachable is there for it")
			}
			if r.wait != tt.wait {
				t.Errorf("next reconcile after %s, want %s", r.wait, tt.wait)
			}
			paced := r.reconciler.Pacer.Admit(r.server.UID, "client") > 0
			if want := strings.HasPrefix(name, "too many"); paced != want {
				t.Errorf("clients wait: %t, want %t", paced, want)
			}
			r.reconcile()
			r.expectCalls(2, 0)
			r.backend.getError = nil
			r.pass(tt.wait + time.Second) // behind the client that has asked
			r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
			r.expectTold("Normal SettingsRepaired changed back to what is declared at Authlete: accessTokenDuration")
		})
	}
}

func TestTheServerWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementObserve)
	r.reconciler.Pacer = pace.New(r.reconciler.Clock)
	r.reconciler.Pacer.Hold(r.server.UID, 20*time.Second)
	if got := r.reconcile(); got.Type != "" || r.wait != 20*time.Second {
		t.Errorf("condition is %v, next reconcile after %s", got, r.wait)
	}
	r.expectCalls(0, 0)
	r.pass(20 * time.Second)
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectCalls(1, 0)
}

// TestRepairsWithoutEffect: what the backend refuses, or does not keep, is said and not tried at every look.
func TestRepairsWithoutEffect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange         func(r *room)
		reason, message string
	}{
		"refused by a real engine": {
			func(r *room) { r.server.Spec.Tokens.AccessTokenSeconds = new(int32(0)) }, authv1alpha1.ReasonRepairRefused,
			"the backend refuses to change accessTokenDuration: [E006202] accessTokenDuration, idTokenDuration and authorizationCodeDuration must be positive",
		},
		"refused with very many words": {
			func(r *room) {
				r.backend.updateError = &authlete.Error{Status: http.StatusBadRequest, Result: authlete.Result{ResultMessage: strings.Repeat("ä", 600)}}
			}, authv1alpha1.ReasonRepairRefused, "the backend refuses to change accessTokenDuration: " + strings.Repeat("ä", maxMessage) + "…",
		},
		"refused without a word": {
			func(r *room) { r.backend.updateError = &authlete.Error{Status: http.StatusForbidden} }, authv1alpha1.ReasonRepairRefused,
			"the backend refuses to change accessTokenDuration: status 403",
		},
		"not kept": {
			func(r *room) { r.backend.deaf = true }, authv1alpha1.ReasonRepairIneffective, "the backend does not keep what is declared: accessTokenDuration",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, authv1alpha1.ManagementEnforce)
			r.tamper(shortLived)
			tt.arrange(r)
			got := r.reconcile()
			r.expectCondition(got, metav1.ConditionFalse, tt.reason)
			if diff := cmp.Diff(tt.message, got.Message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			stalled := meta.FindStatusCondition(r.server.Status.Conditions, authv1alpha1.ConditionStalled)
			if stalled == nil || stalled.Reason != tt.reason || !status.IsFalse(r.server, authv1alpha1.ConditionReady) {
				t.Errorf("conditions are %v, want a stalled server", r.server.Status.Conditions)
			}
			r.expectTold("Warning SettingsDiffer not as declared at Authlete: accessTokenDuration")
			for range 4 {
				r.pass(time.Minute)
				r.expectCondition(r.reconcile(), metav1.ConditionFalse, tt.reason)
			}
			r.expectCalls(5, 1)
			r.pass(time.Minute)
			r.reconcile()
			r.expectCalls(6, 2)
			if r.server.Status.Backend.Repairs != 0 || r.counted() != 0 {
				t.Errorf("%d repairs, %.0f by the metric", r.server.Status.Backend.Repairs, r.counted())
			}
			r.expectTold()
			// A changed spec is tried at once.
			r.server.Generation++
			r.reconcile()
			r.expectCalls(7, 3)
			r.backend.updateError, r.backend.deaf = nil, false
			r.server.Spec.Tokens.AccessTokenSeconds = new(int32(600))
			r.server.Generation++
			r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
			if !status.IsTrue(r.server, authv1alpha1.ConditionReady) {
				t.Error("the server is not Ready again")
			}
		})
	}
}

// TestAnotherDifferenceIsRepaired although the repair of the one before was refused.
func TestAnotherDifferenceIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementEnforce)
	r.tamper(shortLived)
	r.backend.updateError = &authlete.Error{Status: http.StatusBadRequest}
	r.reconcile()
	r.backend.updateError = nil
	r.tamper(func(s *authlete.Service) { s.ClientIDAliasEnabled = false })
	r.told()
	r.pass(time.Minute)
	r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
	r.expectTold("Normal SettingsRepaired changed back to what is declared at Authlete: accessTokenDuration, clientIdAliasEnabled")
}

// TestHalfARepair is counted and told, and what is left is said.
func TestHalfARepair(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementEnforce)
	r.tamper(func(s *authlete.Service) { s.AccessTokenDuration, s.ClientIDAliasEnabled = 60, false })
	r.backend.stubborn = true
	r.expectCondition(r.reconcile(), metav1.ConditionFalse, authv1alpha1.ReasonRepairIneffective)
	want := []authv1alpha1.SettingDifference{{Field: "clientIdAliasEnabled", Declared: "true", Actual: "false"}}
	if diff := cmp.Diff(want, r.server.Status.Backend.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	r.expectTold("Normal SettingsRepaired changed back to what is declared at Authlete: accessTokenDuration",
		"Warning SettingsDiffer not as declared at Authlete: clientIdAliasEnabled")
	for range 5 {
		r.pass(time.Minute)
		r.expectCondition(r.reconcile(), metav1.ConditionFalse, authv1alpha1.ReasonRepairIneffective)
	}
	r.expectCalls(6, 2)
	r.expectTold()
	if got := r.server.Status.Backend.Repairs; got != 1 || r.counted() != 1 {
		t.Errorf("%d repairs, %.0f by the metric, want 1", got, r.counted())
	}
}

// TestARepairThatDoesNotGetThrough is tried again soon, and is nothing for a person to do.
func TestARepairThatDoesNotGetThrough(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{"no answer": 0, "overload": http.StatusServiceUnavailable, "a change at the same time": http.StatusConflict} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, authv1alpha1.ManagementEnforce)
			r.tamper(shortLived)
			r.backend.updateError = &authlete.Error{Status: code}
			r.expectCondition(r.reconcile(), metav1.ConditionFalse, authv1alpha1.ReasonDiffering)
			if status.IsTrue(r.server, authv1alpha1.ConditionStalled) || !status.IsTrue(r.server, authv1alpha1.ConditionReconciling) {
				t.Errorf("conditions are %v", r.server.Status.Conditions)
			}
			r.backend.updateError = nil
			r.pass(settingsRetry)
			r.expectCondition(r.reconcile(), metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared)
		})
	}
}

// TestStalledOnlyWithNothingElseInProgress: a rollout ends by itself, whatever is wrong with the settings.
func TestStalledOnlyWithNothingElseInProgress(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementEnforce)
	r.tamper(shortLived)
	r.backend.deaf = true
	r.reconcile()
	status.Begin(r.server)
	status.Mark(r.server, authv1alpha1.ConditionAvailable, false, authv1alpha1.ReasonRollingOut, "")
	summarize(r.server)
	ready := meta.FindStatusCondition(r.server.Status.Conditions, authv1alpha1.ConditionReady)
	if ready.Reason != authv1alpha1.ReasonRollingOut || status.IsTrue(r.server, authv1alpha1.ConditionStalled) {
		t.Errorf("conditions are %v", r.server.Status.Conditions)
	}
}

// TestServersThatAreGoneAreForgotten, and those that are there are not.
func TestServersThatAreGoneAreForgotten(t *testing.T) {
	t.Parallel()
	r := newRoom(t, authv1alpha1.ManagementEnforce)
	r.tamper(shortLived)
	r.reconcile()
	gone := r.server
	r.server = gone.DeepCopy()
	r.server.UID, r.server.Name = types.UID("2"), "other"
	for range 20 {
		r.pass(time.Minute)
		r.reconcile()
	}
	if len(r.reconciler.findings.of) != 1 || r.counted() != 0 {
		t.Errorf("%d servers are remembered, %.0f repairs of the first", len(r.reconciler.findings.of), r.counted())
	}
	if _, ok := r.reconciler.findings.get(gone.UID); ok {
		t.Error("the server that is gone is remembered")
	}
}

func TestRepairsAreCountedOnceInAProcess(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	one, err := newRepairs(registry)
	if err != nil {
		t.Fatal(err)
	}
	two, err := newRepairs(registry)
	if err != nil || one != two {
		t.Errorf("the second manager has another counter, error %v", err)
	}
	registry = prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "authserver_operator_settings_repairs_total", Help: "Of somebody else."}))
	if _, err := newRepairs(registry); err == nil {
		t.Error("a metric of somebody else is taken for the counter")
	}
}
