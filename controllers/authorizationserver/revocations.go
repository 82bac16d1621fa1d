package authorizationserver

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/revocation"
	"github.com/authserver-dev/operator/controllers/internal/shard"
	"github.com/authserver-dev/operator/internal/authlete"
)

const (
	// revokeTimeout bounds the revocations of one reconcile. What is left is done by the next one.
	revokeTimeout = 5 * time.Second
	// reasonRevoked is the reason of the event that tells of revoked tokens.
	reasonRevoked = "TokensRevoked"
)

// findRevocations compares the users that are to be written with those that are there. Whose tokens must not live on is
// noted in the same Secrets: what is written with the change is not forgotten, whenever the operator is stopped.
func (r *Reconciler) findRevocations(ctx context.Context, s *scope) (bool, error) {
	for number := range s.input.Shards {
		var secret corev1.Secret
		key := types.NamespacedName{Namespace: s.server.Namespace, Name: shard.SecretName(s.server.Name, number)}
		if err := client.IgnoreNotFound(r.Client.Get(ctx, key, &secret)); err != nil {
			return false, fmt.Errorf("reading Secret %s: %w", key.Name, err)
		}
		if !metav1.IsControlledBy(&secret, s.server) {
			secret.Data = nil
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
	if left == 0 {
		return true, nil
	}
	s.again = retryInterval
	done, grants, err := r.revokePending(ctx, s)
	if err != nil {
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
		s.again = 0
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
