package authorizationserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
	// answerLife is how long an answer is remembered of a server that nobody asks about any more.
	answerLife = time.Hour
)

// answer is what Authlete last said.
type answer struct {
	err error
	// about identifies the credentials and the way; next is when to ask again; reached is when Authlete last answered well.
	about         string
	next, reached time.Time
}

// answers are remembered for as long as the operator runs.
type answers struct {
	mu sync.Mutex
	of map[types.UID]answer
}

func (a *answers) get(server types.UID) answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of[server]
}

// put remembers an answer, and forgets those of servers that have gone.
func (a *answers) put(server types.UID, one answer, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[types.UID]answer{}
	}
	for uid, other := range a.of {
		if now.Sub(other.next) > answerLife {
			delete(a.of, uid)
		}
	}
	a.of[server] = one
}

// checkAuthlete says whether Authlete answers. That does not depend on the pods, and nothing else depends on it: neither
// are pods restarted, nor is a valid configuration called invalid.
func (r *Reconciler) checkAuthlete(ctx context.Context, s *scope) {
	now := r.Clock()
	about := s.way()
	last := r.answers.get(s.server.UID)
	if last.about != about || !now.Before(last.next) {
		last = r.askAuthlete(ctx, s.server, answer{about: about, reached: last.reached})
		r.answers.put(s.server.UID, last, now)
	}
	remember(s.server, last, now)
	s.markBackend(last.err)
	wait := max(last.next.Sub(now), time.Second)
	if s.nextLook == 0 || wait < s.nextLook {
		s.nextLook = wait
	}
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
	wait := authleteRetry
	if refused, ok := errors.AsType[*authlete.Error](a.err); ok && refused.Status == http.StatusTooManyRequests {
		wait = max(wait, min(refused.RetryAfter, pace.MaxHold))
		if r.Pacer != nil {
			r.Pacer.Hold(server.UID, refused.RetryAfter)
		}
	}
	a.next = now.Add(wait)
	ctrl.LoggerFrom(ctx).V(1).Info("Waiting for Authlete to answer", "reason", a.err.Error())
	return a
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

// markBackend says what an answer of the backend means. Messages hold no addresses or times: they must not change by
// themselves.
func (s *scope) markBackend(err error) {
	server := s.server
	mark := func(ok bool, reason, message string) {
		status.Mark(server, authv1alpha1.ConditionBackendReachable, ok, reason, message)
	}
	refused, answered := errors.AsType[*authlete.Error](err)
	switch {
	case err == nil:
		mark(true, authv1alpha1.ReasonReachable, "the backend answers with the operator's credentials")
	case answered && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden):
		mark(false, authv1alpha1.ReasonUnauthorized, "the backend refuses the operator's credentials")
	case answered && refused.Status != 0:
		mark(false, authv1alpha1.ReasonBackendError, fmt.Sprintf("the backend answers with status %d", refused.Status))
	case server.Spec.Backend.Authlete == nil:
		mark(false, authv1alpha1.ReasonUnreachable, "the management API does not answer")
	default:
		mark(false, authv1alpha1.ReasonUnreachable, silence(err))
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
