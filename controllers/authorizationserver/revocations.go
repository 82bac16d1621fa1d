package authorizationserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/revocation"
	"github.com/authserver-dev/operator/controllers/internal/shard"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// revokeTimeout bounds the revocations of one reconcile. What is left is done by the next one.
	revokeTimeout = 5 * time.Second
	// revokeRefusedRetry is how soon a backend that refuses to revoke tokens is asked again, and revokePatience for how
	// long: its administrator may permit the call. After that the tokens live until they expire.
	revokeRefusedRetry = checkInterval
	revokePatience     = 24 * time.Hour
	// reasonRevoked and reasonNotRevoked are reasons of events that tell of tokens.
	reasonRevoked    = "TokensRevoked"
	reasonNotRevoked = "TokensNotRevoked"
)

// findRevocations compares the users that are to be written with those that are there. Whose tokens must not live on is
// noted in the same Secrets: what is written with the change is not forgotten, whenever the operator is stopped.
func (r *Reconciler) findRevocations(ctx context.Context, s *scope) (bool, error) {
	for number := range s.input.Shards {
		secret, err := apply.OwnSecret(ctx, r.Client, s.server, shard.SecretName(s.server.Name, number))
		if err != nil {
			return false, err
		}
		pending, err := revocation.Parse(secret.Data[desired.KeyRevocations])
		if err != nil {
			pending = revocation.Pending{} // not the operator's writing
		}
		if err := pending.Find(secret.Data[configv1alpha1.ShardFile(number)], s.input.Shards[number], r.Clock()); err != nil {
			return false, err
		}
		s.revocations[number] = pending
	}
	return true, s.noteRevocations()
}

// noteRevocations puts the revocations that are left into the Secrets to be written.
func (s *scope) noteRevocations() error {
	for number, pending := range s.revocations {
		var err error
		if s.input.Revocations[number], err = pending.Encode(); err != nil {
			return err
		}
	}
	return nil
}

// revokeTokens revokes the tokens of people who may not log in any more, or not with the password of before. A backend
// that does not answer is asked again, and holds up nothing else.
func (r *Reconciler) revokeTokens(ctx context.Context, s *scope) (bool, error) {
	left := 0
	for _, pending := range s.revocations {
		left += len(pending)
	}
	if last, _ := r.refusals.get(s.server.UID); left == 0 || (last.about == s.way() && r.Clock().Before(last.next)) {
		return true, nil
	}
	s.again = retryInterval
	done, grants, err := r.revokePending(ctx, s)
	switch {
	case refusedRevocation(err):
		done += r.giveUpRevocations(s, err)
	case err != nil:
		ctrl.LoggerFrom(ctx).Info("Waiting for the backend to revoke tokens", "users", left, "reason", err.Error())
	}
	if grants > 0 {
		r.Recorder.Eventf(s.server, nil, corev1.EventTypeNormal, reasonRevoked, "Revoke",
			"%d grants of users who may not log in any more, or have a new password, were revoked", grants)
	}
	if done == 0 {
		return true, nil
	}
	if done == left {
		s.again = 0 // nothing is left to wait for
	}
	if err := s.noteRevocations(); err != nil {
		return false, err
	}
	return r.applySecrets(ctx, s)
}

// revokePending revokes what is pending, and returns for how many subjects that was the last time and how many grants
// were revoked.
func (r *Reconciler) revokePending(ctx context.Context, s *scope) (done int, grants int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	backend, err := r.Connector.Connect(ctx, s.server)
	if err != nil {
		return 0, 0, err
	}
	for _, pending := range s.revocations {
		for _, subject := range pending.Subjects() {
			response, err := backend.TokenRevoke(ctx, &authlete.TokenRevokeRequest{Subject: subject})
			if err != nil {
				return done, grants, err
			}
			grants += response.Count
			if pending.Revoked(subject, r.Clock()) {
				done++
			}
		}
	}
	return done, grants, nil
}

// refusedRevocation says whether the backend has no such call, or does not permit it: older services at Authlete do not.
func refusedRevocation(err error) bool {
	refused, ok := errors.AsType[*authlete.Error](err)
	return ok && (refused.Status == http.StatusForbidden || refused.Status == http.StatusNotFound)
}

// giveUpRevocations tells that tokens were not revoked, asks again later and not for ever, and returns for how many subjects
// it is over.
func (r *Reconciler) giveUpRevocations(s *scope, err error) int {
	now := r.Clock()
	s.again = 0
	r.refusals.put(s.server.UID, answer{err: err, about: s.way(), next: now.Add(revokeRefusedRetry)}, now)
	left, over := 0, 0
	for _, pending := range s.revocations {
		left += len(pending)
		for subject, since := range pending {
			if now.Sub(since) > revokePatience {
				delete(pending, subject)
				over++
			}
		}
	}
	message := "the backend refuses to revoke the tokens of %d users who may not log in any more, or have a new password: they live until they expire"
	if refused, ok := errors.AsType[*authlete.Error](err); ok {
		message += fmt.Sprintf(" (status %d)", refused.Status)
	}
	r.Recorder.Eventf(s.server, nil, corev1.EventTypeWarning, reasonNotRevoked, "Revoke", message, left)
	return over
}
