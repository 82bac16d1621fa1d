package oauthclient

import (
	"cmp"
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

// errPostponed means that the client waits for something that a watch reports.
var errPostponed = errors.New("waiting for a Secret")

// generated is what the Secret for the application holds now.
type generated struct {
	secret string
	// rotated is the rotation request that the secret answers.
	rotated string
	// rotate says that there is a newer request.
	rotate bool
}

// ensureSecret finds or makes the secret of a client that the operator makes, and writes the Secret for the application;
// false if it must wait. The secret is empty for a client that has none.
func (r *Reconciler) ensureSecret(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) (string, bool, error) {
	secret, err := r.clientSecret(ctx, c)
	if errors.Is(err, errPostponed) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	ok, err := r.writeOutput(ctx, c, t.server, secret)
	return secret.secret, ok, err
}

// writeOutput writes the Secret for the application; false if it must wait for another object.
func (r *Reconciler) writeOutput(ctx context.Context, c *authv1alpha1.OAuthClient, server *authv1alpha1.AuthorizationServer, secret generated) (bool, error) {
	output := outputSecret(c, server, secret)
	err := r.Applier.Apply(ctx, c, output)
	if foreign, ok := errors.AsType[*apply.NotOwnedError](err); ok {
		status.Stall(c, authv1alpha1.ConditionSecretReady, authv1alpha1.ReasonSecretNotOwned,
			fmt.Sprintf("%v (spec.secret.output.name)", foreign))
		return false, nil
	}
	if errors.Is(err, apply.ErrLeftover) {
		status.Mark(c, authv1alpha1.ConditionSecretReady, false, authv1alpha1.ReasonProgressing,
			"the Secret of a deleted OAuthClient of this name is still being removed")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.Status.SecretName = output.Name
	status.Mark(c, authv1alpha1.ConditionSecretReady, true, authv1alpha1.ReasonSecretWritten,
		fmt.Sprintf("Secret %q holds what the application needs", output.Name))
	return true, r.Applier.Prune(ctx, c, []client.Object{output}, &corev1.SecretList{})
}

// clientSecret returns the user's own secret, the generated one, or a new one.
func (r *Reconciler) clientSecret(ctx context.Context, c *authv1alpha1.OAuthClient) (generated, error) {
	switch {
	case !c.Spec.HasSecret():
		return generated{}, nil
	case c.Spec.Secret.SecretRef != nil:
		secret, err := r.ownSecret(ctx, c)
		return generated{secret: secret}, err
	}
	have, err := r.written(ctx, c)
	if err != nil || (have.secret != "" && !have.rotate) {
		return have, err
	}
	have.secret, err = r.newSecret()
	have.rotated = cmp.Or(c.Annotations[authv1alpha1.AnnotationRotateClientSecret], have.rotated)
	return have, err
}

// written returns what the Secret for the application holds. Before a secret is made anew the API server itself is asked,
// since a cache may lag behind: applications have the one that was made first.
func (r *Reconciler) written(ctx context.Context, c *authv1alpha1.OAuthClient) (generated, error) {
	request := c.Annotations[authv1alpha1.AnnotationRotateClientSecret]
	var have generated
	for _, reader := range []client.Reader{r.Client, r.APIReader} {
		secret, err := apply.OwnSecret(ctx, reader, c, c.EffectiveOutputSecretName())
		if err != nil {
			return have, err
		}
		rotated := secret.Annotations[annotationRotated]
		have = generated{string(secret.Data[authv1alpha1.OutputClientSecret]), rotated, request != "" && request != rotated}
		if have.secret != "" && !have.rotate {
			break
		}
	}
	return have, nil
}

// newSecret generates a client secret.
func (r *Reconciler) newSecret() (string, error) {
	buf := make([]byte, secretBytes)
	if _, err := io.ReadFull(r.Rand, buf); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(buf), nil
}

// ownSecret reads the Secret of spec.secret.secretRef.
func (r *Reconciler) ownSecret(ctx context.Context, c *authv1alpha1.OAuthClient) (string, error) {
	ref := c.Spec.Secret.SecretRef
	key := ref.KeyOr(authv1alpha1.DefaultClientSecretKey)
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: ref.Name}, &secret)
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("reading Secret %s: %w", ref.Name, err)
	}
	value := string(secret.Data[key])
	var reason, message string
	switch {
	case err != nil:
		reason = authv1alpha1.ReasonSecretNotFound
		message = fmt.Sprintf("Secret %q of spec.secret.secretRef does not exist in the namespace %q; it is waited for", ref.Name, c.Namespace)
	case value == "":
		reason, message = authv1alpha1.ReasonSecretKeyMissing, fmt.Sprintf("Secret %q of spec.secret.secretRef has no value under the key %q", ref.Name, key)
	case len(value) < minSecret:
		reason, message = authv1alpha1.ReasonSecretInvalid, fmt.Sprintf("the client secret in Secret %q is shorter than %d characters", ref.Name, minSecret)
	default:
		return value, nil
	}
	status.Mark(c, authv1alpha1.ConditionSecretReady, false, reason, message)
	return "", errPostponed
}

// outputSecret is the Secret for the application.
func outputSecret(c *authv1alpha1.OAuthClient, server *authv1alpha1.AuthorizationServer, have generated) *corev1.Secret {
	endpoints := authv1alpha1.EndpointsOf(server.Spec.Issuer)
	output := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.EffectiveOutputSecretName(), Namespace: c.Namespace,
			Labels: map[string]string{
				"app.kubernetes.io/managed-by": "authserver-operator", "app.kubernetes.io/instance": server.Name, "app.kubernetes.io/component": "client-credentials",
			},
		},
		Data: map[string][]byte{
			authv1alpha1.OutputClientID:         []byte(c.Status.ClientID),
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
	if have.secret != "" {
		output.Data[authv1alpha1.OutputClientSecret] = []byte(have.secret)
	}
	if have.rotated != "" {
		output.Annotations = map[string]string{annotationRotated: have.rotated}
	}
	return output
}
