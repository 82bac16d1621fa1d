package authorizationserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/pace"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// authleteInterval is how often Authlete is asked whether it works, however often the server is reconciled: an outage
	// is noticed within a minute. authleteRetry is how soon it is asked again when it did not answer.
	authleteInterval = 30 * time.Second
	authleteRetry    = 3 * time.Second
	// reachableInterval is how often the time of the last good answer is written while there are others.
	reachableInterval = 5 * time.Minute
)

// answer is what Authlete last said.
type answer struct {
	err error
	// about identifies the credentials and the way; next is when to ask again; reached is when Authlete last answered well.
	about         string
	next, reached time.Time
}

func (a answer) due() time.Time { return a.next }

// checkAuthlete says whether Authlete answers. That does not depend on the pods, and nothing else depends on it: neither
// are pods restarted, nor is a valid configuration called invalid.
func (r *Reconciler) checkAuthlete(ctx context.Context, s *scope) {
	now := r.Clock()
	about := s.way()
	last, _ := r.answers.get(s.server.UID)
	if last.about != about || !now.Before(last.next) {
		last = r.askAuthlete(ctx, s.server, answer{about: about, reached: last.reached})
		r.answers.put(s.server.UID, last, now)
	}
	remember(s.server, last, now)
	s.markBackend(last.err)
	s.lookIn(last.next.Sub(now))
}

// way identifies the credentials and the way to the backend.
func (s *scope) way() string {
	return desired.ConfigHash(s.input) + desired.RefreshHash(desired.Input{Server: s.server}, s.reloaded)
}

// askAuthlete asks.
func (r *Reconciler) askAuthlete(ctx context.Context, server *authv1alpha1.AuthorizationServer, a answer) answer {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	a.err = r.Prober.Backend(ctx, server)
	now := r.Clock()
	if a.err == nil {
		a.reached, a.next = now, now.Add(authleteInterval)
		return a
	}
	a.next = now.Add(r.patience(server, a.err, authleteRetry))
	ctrl.LoggerFrom(ctx).V(1).Info("Waiting for Authlete to answer", "reason", a.err.Error())
	return a
}

// patience is how long to wait after an error, at least. A backend that asks for a pause gets it from everybody.
func (r *Reconciler) patience(server *authv1alpha1.AuthorizationServer, err error, least time.Duration) time.Duration {
	refused, ok := errors.AsType[*authlete.Error](err)
	if !ok || refused.Status != http.StatusTooManyRequests {
		return least
	}
	r.Pacer.Hold(server.UID, refused.RetryAfter)
	return max(least, min(refused.RetryAfter, pace.MaxHold))
}

// lookIn asks for another look after a while, unless an earlier one is wanted.
func (s *scope) lookIn(wait time.Duration) {
	wait = max(wait, time.Second)
	if s.nextLook == 0 || wait < s.nextLook {
		s.nextLook = wait
	}
}

// remember writes when Authlete last answered well: now and then while it does, and exactly when it stops or begins again.
func remember(server *authv1alpha1.AuthorizationServer, last answer, now time.Time) {
	if last.reached.IsZero() {
		return
	}
	if server.Status.Backend == nil {
		server.Status.Backend = &authv1alpha1.BackendStatus{}
	}
	b, at := server.Status.Backend, last.reached.Truncate(time.Second)
	was := b.LastReachableTime
	turned := status.IsTrue(server, authv1alpha1.ConditionBackendReachable) != (last.err == nil)
	if was == nil || (at.After(was.Time) && (turned || now.Sub(was.Time) >= reachableInterval)) {
		b.LastReachableTime = &metav1.Time{Time: at}
	}
}

// markBackend says what an answer of the backend means.
func (s *scope) markBackend(err error) {
	reason, message := authv1alpha1.ReasonReachable, "the backend answers with the operator's credentials"
	switch {
	case err == nil:
	case s.server.Spec.Backend.Authlete == nil:
		reason, message = complaint(err, "the management API does not answer")
	default:
		reason, message = complaint(err, silence(err))
	}
	status.Mark(s.server, authv1alpha1.ConditionBackendReachable, err == nil, reason, message)
}

// complaint says as a condition does what an error of the backend means; silent is the message where there was no answer.
// Messages hold no addresses or times: they must not change by themselves.
func complaint(err error, silent string) (reason, message string) {
	refused, answered := errors.AsType[*authlete.Error](err)
	switch {
	case answered && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden):
		return authv1alpha1.ReasonUnauthorized, "the backend refuses the operator's credentials"
	case answered && refused.Status != 0:
		return authv1alpha1.ReasonBackendError, fmt.Sprintf("the backend answers with status %d", refused.Status)
	default:
		return authv1alpha1.ReasonUnreachable, silent
	}
}

// silence says why there is no answer, as far as a person can do something about it.
func silence(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate of Authlete is of no trusted authority, or not for the host of base_url"
	}
	if wrong, ok := errors.AsType[*net.DNSError](err); ok && wrong.IsNotFound {
		return "the host of base_url, or of the proxy, does not exist"
	}
	return "Authlete does not answer"
}
