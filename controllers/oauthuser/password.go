package oauthuser

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/password"
)

const (
	// HashKey is the key of the hash in the user's hash Secret.
	HashKey = "hash"
	// annotationSource records the version of the password Secret that the hash was last held against. It spares the
	// 20 ms of hashing when nothing changed, and reveals nothing of the password.
	annotationSource = "authserver.dev/source"
)

const hashSuffix = "-password-hash"

// HashSecretName is the Secret into which a user's password hash is written.
func HashSecretName(user string) string { return user + hashSuffix }

// ensureHash keeps the hash Secret in step with the password Secret.
func (r *Reconciler) ensureHash(ctx context.Context, user *authv1alpha1.OAuthUser) error {
	if user.Spec.Password == nil {
		status.Mark(user, authv1alpha1.ConditionPasswordReady, true, authv1alpha1.ReasonNoPassword, "the user has no password")
		user.Status.PasswordSecretVersion, user.Status.PasswordHashedAt = "", nil
		return r.Applier.Prune(ctx, user, nil, &corev1.SecretList{})
	}
	source, ok, err := r.sourcePassword(ctx, user)
	if err != nil || !ok {
		return err
	}
	existing, err := r.existingHash(ctx, user)
	if err != nil {
		return err
	}
	hash, reason, problem := r.hash(user.Spec.Password.EffectiveFormat(), source, existing)
	if problem != nil {
		status.Mark(user, authv1alpha1.ConditionPasswordReady, false, authv1alpha1.ReasonHashUnsupported, problem.Error())
		return nil
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: HashSecretName(user.Name), Namespace: user.Namespace,
			Labels:      map[string]string{"app.kubernetes.io/managed-by": "authserver-operator"},
			Annotations: map[string]string{annotationSource: source.version},
		},
		Data: map[string][]byte{HashKey: []byte(hash)},
	}
	err = r.Applier.Apply(ctx, user, secret)
	if foreign, ok := errors.AsType[*apply.NotOwnedError](err); ok {
		status.Stall(user, authv1alpha1.ConditionPasswordReady, authv1alpha1.ReasonSecretNotOwned,
			fmt.Sprintf("%v: rename it, or this user", foreign))
		return nil
	}
	if errors.Is(err, apply.ErrLeftover) {
		status.Mark(user, authv1alpha1.ConditionPasswordReady, false, authv1alpha1.ReasonProgressing,
			"the Secret of a deleted OAuthUser of this name is still being removed")
		return nil
	}
	if err != nil {
		return err
	}
	if user.Status.PasswordSecretVersion != source.version {
		now := metav1.NewTime(r.Clock())
		user.Status.PasswordSecretVersion, user.Status.PasswordHashedAt = source.version, &now
	}
	status.Mark(user, authv1alpha1.ConditionPasswordReady, true, reason, "the password is taken from its Secret")
	return nil
}

// secretValue is a value of a Secret with the Secret's version.
type secretValue struct{ value, version string }

// sourcePassword reads the password Secret; false if it has to be waited for.
func (r *Reconciler) sourcePassword(ctx context.Context, user *authv1alpha1.OAuthUser) (secretValue, bool, error) {
	ref := user.Spec.Password.SecretRef
	key := ref.KeyOr(authv1alpha1.DefaultPasswordKey)
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: user.Namespace, Name: ref.Name}, &secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return secretValue{}, false, fmt.Errorf("reading Secret %s: %w", ref.Name, err)
	}
	switch {
	case missing:
		status.Mark(user, authv1alpha1.ConditionPasswordReady, false, authv1alpha1.ReasonSecretNotFound,
			fmt.Sprintf("Secret %q of spec.password.secretRef does not exist in the namespace %q; it is waited for", ref.Name, user.Namespace))
		return secretValue{}, false, nil
	case len(secret.Data[key]) == 0:
		status.Mark(user, authv1alpha1.ConditionPasswordReady, false, authv1alpha1.ReasonSecretKeyMissing,
			fmt.Sprintf("Secret %q of spec.password.secretRef has no value under the key %q", ref.Name, key))
		return secretValue{}, false, nil
	default:
		return secretValue{value: string(secret.Data[key]), version: secret.ResourceVersion}, true, nil
	}
}

// existingHash returns the hash Secret as it is; empty if there is none.
func (r *Reconciler) existingHash(ctx context.Context, user *authv1alpha1.OAuthUser) (*corev1.Secret, error) {
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: user.Namespace, Name: HashSecretName(user.Name)}, &secret)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", HashSecretName(user.Name), err)
	}
	return &secret, nil
}

// hash returns the hash for the source: the existing one where it was made from the same password.
func (r *Reconciler) hash(format authv1alpha1.PasswordFormat, source secretValue, existing *corev1.Secret) (hash, reason string, err error) {
	if format == authv1alpha1.PasswordHash {
		return source.value, authv1alpha1.ReasonHashAccepted, password.Check(source.value)
	}
	have := string(existing.Data[HashKey])
	if have != "" && existing.Annotations[annotationSource] == source.version {
		return have, authv1alpha1.ReasonHashed, nil
	}
	// Another version of the Secret may hold the same password: a new salt would end the person's sessions for nothing.
	if same, err := password.Verify(have, source.value); err == nil && same {
		return have, authv1alpha1.ReasonHashed, nil
	}
	hash, err = password.Hash(r.Rand, source.value)
	return hash, authv1alpha1.ReasonHashed, err
}
