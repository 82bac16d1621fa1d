package oauthclient

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

const (
	// annotationRotated records the rotation request that a generated secret answers.
	annotationRotated = "authserver.dev/rotated"
	// minSecret is the shortest client secret of a user's own, in characters.
	minSecret   = 16
	secretBytes = 32
)

// ensureSecret finds or makes the client secret and writes the Secret for the application; false if it must wait. The
// secret is empty for a client that has none.
func (r *Reconciler) ensureSecret(ctx context.Context, c *authv1alpha1.OAuthClient, server *authv1alpha1.AuthorizationServer) (string, bool, error) {
	var existing corev1.Secret
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.EffectiveOutputSecretName()}
	if err := client.IgnoreNotFound(r.Client.Get(ctx, key, &existing)); err != nil {
		return "", false, fmt.Errorf("reading Secret %s: %w", key.Name, err)
	}
	secret, ok, err := r.clientSecret(ctx, c, &existing)
	if err != nil || !ok {
		return "", false, err
	}
	output := outputSecret(c, server, secret)
	err = r.Applier.Apply(ctx, c, output)
	if foreign, ok := errors.AsType[*apply.NotOwnedError](err); ok {
		status.Stall(c, authv1alpha1.ConditionSecretReady, authv1alpha1.ReasonSecretNotOwned,
			fmt.Sprintf("%v (spec.secret.output.name)", foreign))
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	c.Status.SecretName = output.Name
	status.Mark(c, authv1alpha1.ConditionSecretReady, true, authv1alpha1.ReasonSecretWritten,
		fmt.Sprintf("Secret %q holds what the application needs", output.Name))
	return secret, true, r.Applier.Prune(ctx, c, []client.Object{output}, &corev1.SecretList{})
}

// clientSecret returns the user's own secret, the generated one, or a new one.
func (r *Reconciler) clientSecret(ctx context.Context, c *authv1alpha1.OAuthClient, existing *corev1.Secret) (string, bool, error) {
	switch {
	case !c.Spec.HasSecret():
		return "", true, nil
	case c.Spec.Secret.SecretRef != nil:
		return r.ownSecret(ctx, c)
	}
	have := string(existing.Data[authv1alpha1.OutputClientSecret])
	request := c.Annotations[authv1alpha1.AnnotationRotateClientSecret]
	answered := request == "" || request == existing.Annotations[annotationRotated]
	if have != "" && answered && metav1.IsControlledBy(existing, c) {
		return have, true, nil
	}
	buf := make([]byte, secretBytes)
	if _, err := io.ReadFull(r.Rand, buf); err != nil {
		return "", false, fmt.Errorf("reading randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(buf), true, nil
}

// ownSecret reads the Secret of spec.secret.secretRef; false if it has to be waited for.
func (r *Reconciler) ownSecret(ctx context.Context, c *authv1alpha1.OAuthClient) (string, bool, error) {
	ref := c.Spec.Secret.SecretRef
	key := ref.KeyOr(authv1alpha1.DefaultClientSecretKey)
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: ref.Name}, &secret)
	if client.IgnoreNotFound(err) != nil {
		return "", false, fmt.Errorf("reading Secret %s: %w", ref.Name, err)
	}
	value := string(secret.Data[key])
	var reason, message string
	switch {
	case err != nil:
		reason, message = authv1alpha1.ReasonSecretNotFound, fmt.Sprintf("Secret %q of spec.secret.secretRef does not exist; it is waited for", ref.Name)
	case value == "":
		reason, message = authv1alpha1.ReasonSecretKeyMissing, fmt.Sprintf("Secret %q of spec.secret.secretRef has no value under the key %q", ref.Name, key)
	case len(value) < minSecret:
		reason, message = authv1alpha1.ReasonSecretInvalid, fmt.Sprintf("the client secret in Secret %q is shorter than %d characters", ref.Name, minSecret)
	default:
		return value, true, nil
	}
	status.Mark(c, authv1alpha1.ConditionSecretReady, false, reason, message)
	return "", false, nil
}

// outputSecret is the Secret for the application.
func outputSecret(c *authv1alpha1.OAuthClient, server *authv1alpha1.AuthorizationServer, secret string) *corev1.Secret {
	endpoints := authv1alpha1.EndpointsOf(server.Spec.Issuer)
	output := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.EffectiveOutputSecretName(), Namespace: c.Namespace,
			Labels: map[string]string{
				"app.kubernetes.io/managed-by": "authserver-operator", "app.kubernetes.io/instance": server.Name, "app.kubernetes.io/component": "client-credentials",
			},
		},
		Data: map[string][]byte{
			authv1alpha1.OutputClientID:         []byte(c.EffectiveClientID()),
			authv1alpha1.OutputIssuer:           []byte(server.Spec.Issuer),
			authv1alpha1.OutputDiscoveryURL:     []byte(endpoints.Discovery),
			authv1alpha1.OutputAuthorizationURL: []byte(endpoints.Authorization),
			authv1alpha1.OutputTokenURL:         []byte(endpoints.Token),
			authv1alpha1.OutputJWKSURL:          []byte(endpoints.JWKS),
			authv1alpha1.OutputUserinfoURL:      []byte(endpoints.Userinfo),
			authv1alpha1.OutputIntrospectionURL: []byte(endpoints.Introspection),
			authv1alpha1.OutputRevocationURL:    []byte(endpoints.Revocation),
		},
	}
	if secret != "" {
		output.Data[authv1alpha1.OutputClientSecret] = []byte(secret)
	}
	if request := c.Annotations[authv1alpha1.AnnotationRotateClientSecret]; request != "" {
		output.Annotations = map[string]string{annotationRotated: request}
	}
	return output
}
