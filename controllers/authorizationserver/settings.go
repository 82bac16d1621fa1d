package authorizationserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// settingsInterval is how often the settings at the backend are read: not more often, however often the server is
	// reconciled, unless its spec changes; and not less, so that a change behind the operator's back is soon found.
	settingsInterval = time.Minute
	// settingsRetry is how soon they are read again when the backend did not answer.
	settingsRetry = 10 * time.Second
	// settingsTimeout bounds reading and changing them together: a backend that is away must not hold up the pods.
	settingsTimeout = 10 * time.Second
	// maxMessage bounds what is repeated of a backend's own words.
	maxMessage = 512

	// reasonSettingsDiffer, reasonSettingsRepaired and reasonSettingsAsDeclared are reasons of events.
	reasonSettingsDiffer     = "SettingsDiffer"
	reasonSettingsRepaired   = "SettingsRepaired"
	reasonSettingsAsDeclared = "SettingsAsDeclared"
)

// checkSettings compares the settings of the service at Authlete with the declared ones, and repairs them if told to. It
// never keeps the pods waiting: what is wrong is said and tried again.
func (r *Reconciler) checkSettings(ctx context.Context, s *scope) (bool, error) {
	server := s.server
	if server.Spec.Backend.Authlete == nil {
		r.findings.drop(server.UID)
		meta.RemoveStatusCondition(&server.Status.Conditions, authv1alpha1.ConditionSettingsMatch)
		server.Status.Backend = nil
		return true, nil
	}
	if server.Spec.Backend.Authlete.EffectiveManagement() == authv1alpha1.ManagementNone {
		r.findings.drop(server.UID)
		if server.Status.Backend != nil {
			server.Status.Backend.Differences = nil
		}
		status.Unknown(server, authv1alpha1.ConditionSettingsMatch, authv1alpha1.ReasonSettingsNotManaged, "spec.backend.authlete.management is None")
		return true, nil
	}
	now := r.Clock()
	f, known := r.findings.get(server.UID)
	if !known || f.generation != server.Generation || !now.Before(f.next) {
		// The server has to wait for its turn at the backend, behind its clients.
		if wait := r.Pacer.Admit(server.UID, server.UID); wait > 0 {
			s.nextLook = wait
			return true, nil
		}
		f = r.look(ctx, s, f.begin(server, known))
		r.forget(r.findings.put(server.UID, f, now))
	}
	f.record(server)
	s.lookIn(f.next.Sub(now))
	return true, nil
}

// look reads the settings, and changes them if they are to be enforced.
func (r *Reconciler) look(ctx context.Context, s *scope, f finding) finding {
	ctx, cancel := context.WithTimeout(ctx, settingsTimeout)
	defer cancel()
	f.next = r.Clock().Add(settingsInterval)
	backend, err := r.Connector.Connect(ctx, s.server)
	if err != nil {
		return r.unread(ctx, s.server, f, err)
	}
	have, err := backend.ServiceGet(ctx)
	if err != nil {
		return r.unread(ctx, s.server, f, err)
	}
	enforce := s.server.Spec.Backend.Authlete.EffectiveManagement() == authv1alpha1.ManagementEnforce
	if enforce {
		r.repairs.WithLabelValues(s.server.Namespace, s.server.Name) // shown from the beginning, as 0
	}
	before := f.differences
	f.differences = settings.Diff(have, settings.Of(s.server))
	repaired := false
	switch {
	case len(f.differences) == 0:
		f.against, f.verdict = nil, asDeclared()
	case enforce:
		f, repaired = r.repair(ctx, s.server, f, repair{backend, have})
	default:
		f.verdict = verdict{metav1.ConditionFalse, authv1alpha1.ReasonDiffering, "not as declared: " + strings.Join(fields(f.differences), ", ")}
	}
	if !repaired || len(f.differences) > 0 {
		r.tell(s.server, fields(before), fields(f.differences))
	}
	return f
}

// repair is what to change, and where.
type repair struct {
	backend authlete.ServiceManagementAPI
	have    *authlete.Service
}

// repair changes the settings that differ, and says whether one of them is as declared now. A repair without effect is not
// tried at every look.
func (r *Reconciler) repair(ctx context.Context, server *authv1alpha1.AuthorizationServer, f finding, change repair) (finding, bool) {
	if slices.Equal(f.differences, f.against) && r.Clock().Before(f.retry) {
		f.verdict = f.futile
		return f, false
	}
	f.against = nil
	declared := settings.Of(server)
	after, err := change.backend.ServiceUpdate(ctx, settings.Merge(change.have, declared))
	if err != nil {
		return r.unrepaired(ctx, server, f, err), false
	}
	wrong := fields(f.differences)
	f.differences = settings.Diff(after, declared)
	left := fields(f.differences)
	repaired := slices.DeleteFunc(wrong, func(field string) bool { return slices.Contains(left, field) })
	if len(left) > 0 {
		f = f.giveUp(r.Clock(), authv1alpha1.ReasonRepairIneffective, "the backend does not keep what is declared: "+strings.Join(left, ", "))
	} else {
		f.verdict = asDeclared()
	}
	if len(repaired) == 0 {
		return f, false
	}
	f.repairs++
	r.repairs.WithLabelValues(server.Namespace, server.Name).Inc()
	ctrl.LoggerFrom(ctx).Info("Repaired settings at the backend", "fields", repaired)
	r.Recorder.Eventf(server, nil, corev1.EventTypeNormal, reasonSettingsRepaired, "Repair",
		"changed back to what is declared at Authlete: %s", strings.Join(repaired, ", "))
	return f, true
}

// unrepaired says why settings could not be changed. What the backend refuses it refuses again.
func (r *Reconciler) unrepaired(ctx context.Context, server *authv1alpha1.AuthorizationServer, f finding, err error) finding {
	names := strings.Join(fields(f.differences), ", ")
	if refused, ok := errors.AsType[*authlete.Error](err); ok && final(refused.Status) {
		words := refused.Result.ResultMessage
		if words == "" {
			words = fmt.Sprintf("status %d", refused.Status)
		}
		return f.giveUp(r.Clock(), authv1alpha1.ReasonRepairRefused, fmt.Sprintf("the backend refuses to change %s: %s", names, shortened(words)))
	}
	f.next = r.later(ctx, server, err)
	f.verdict = verdict{
		metav1.ConditionFalse, authv1alpha1.ReasonDiffering, "not as declared: " + names + "; changing it did not succeed and is tried again",
	}
	return f
}

// final says whether the same call would be answered in the same way.
func final(code int) bool {
	switch code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return false
	default:
		return code >= 400 && code < 500
	}
}

func shortened(words string) string {
	if runes := []rune(words); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return words
}

// unread leaves the differences of the last time in place.
func (r *Reconciler) unread(ctx context.Context, server *authv1alpha1.AuthorizationServer, f finding, err error) finding {
	f.next = r.later(ctx, server, err)
	reason, message := complaint(err, "the backend does not answer")
	f.verdict = verdict{metav1.ConditionUnknown, reason, message}
	return f
}

// later returns when to look again after an error.
func (r *Reconciler) later(ctx context.Context, server *authv1alpha1.AuthorizationServer, err error) time.Time {
	ctrl.LoggerFrom(ctx).Info("Waiting for the backend to compare the settings", "reason", err.Error())
	return r.Clock().Add(r.patience(server, err, settingsRetry))
}

// tell makes an event when other settings differ than before.
func (r *Reconciler) tell(server *authv1alpha1.AuthorizationServer, before, after []string) {
	switch {
	case slices.Equal(before, after):
	case len(after) == 0:
		r.Recorder.Eventf(server, nil, corev1.EventTypeNormal, reasonSettingsAsDeclared, "Compare", "the service at Authlete has the declared settings again")
	default:
		r.Recorder.Eventf(server, nil, corev1.EventTypeWarning, reasonSettingsDiffer, "Compare",
			"not as declared at Authlete: %s", strings.Join(after, ", "))
	}
}

func fields(differences []authv1alpha1.SettingDifference) []string {
	names := make([]string, len(differences))
	for i := range differences {
		names[i] = differences[i].Field
	}
	return names
}

// summarize sums up. Settings count where Enforce cannot bring them about; under Observe they are a matter of opinion, and
// a backend that cannot be asked for them is BackendReachable's. When only a person can help, the server is stalled, unless
// something else is still in progress.
func summarize(server *authv1alpha1.AuthorizationServer) {
	facts := summarized()
	condition := meta.FindStatusCondition(server.Status.Conditions, authv1alpha1.ConditionSettingsMatch)
	a := server.Spec.Backend.Authlete
	enforced := a != nil && a.EffectiveManagement() == authv1alpha1.ManagementEnforce
	if condition == nil || !enforced || condition.Status != metav1.ConditionFalse {
		status.Summarize(server, facts...)
		return
	}
	alone := !slices.ContainsFunc(facts, func(fact string) bool { return !status.IsTrue(server, fact) })
	if alone && condition.Reason != authv1alpha1.ReasonDiffering {
		status.Stall(server, authv1alpha1.ConditionSettingsMatch, condition.Reason, condition.Message)
	}
	status.Summarize(server, append(facts, authv1alpha1.ConditionSettingsMatch)...)
}
