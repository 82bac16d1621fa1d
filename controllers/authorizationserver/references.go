package authorizationserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/credentials"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// reference is a key of a Secret that the spec names.
type reference struct {
	field, secret, key string
	// restart says that the server reads the value at start only.
	restart bool
}

// references returns all of them.
func references(server *authv1alpha1.AuthorizationServer) []reference {
	var all []reference
	if e := server.Spec.Backend.Embedded; e != nil && e.Storage.PostgreSQL != nil {
		ref := e.Storage.PostgreSQL.ConnectionSecretRef
		all = append(all, reference{
			"spec.backend.embedded.storage.postgresql.connectionSecretRef", ref.Name, ref.KeyOr(authv1alpha1.DefaultConnectionKey), true,
		})
	}
	if tls := server.Spec.TLS; tls != nil {
		for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			all = append(all, reference{"spec.tls.certificateSecretRef", tls.CertificateSecretRef.Name, key, false})
		}
	}
	for i, caller := range server.Spec.Introspection.Callers {
		field := fmt.Sprintf("spec.introspection.callers[%d].secretRef", i)
		all = append(all, reference{field, caller.SecretRef.Name, caller.SecretRef.KeyOr(authv1alpha1.DefaultCallerSecretKey), false})
	}
	return all
}

// checkReferences reads the Secrets that the spec names; a missing one is waited for.
func (r *Reconciler) checkReferences(ctx context.Context, s *scope) (bool, error) {
	s.reloaded = map[string][]byte{}
	for _, ref := range references(s.server) {
		var secret corev1.Secret
		err := r.Client.Get(ctx, types.NamespacedName{Namespace: s.server.Namespace, Name: ref.secret}, &secret)
		missing := apierrors.IsNotFound(err)
		if err != nil && !missing {
			return false, fmt.Errorf("reading Secret %s: %w", ref.secret, err)
		}
		if missing {
			status.Mark(s.server, authv1alpha1.ConditionCredentialsReady, false, authv1alpha1.ReasonSecretNotFound,
				fmt.Sprintf("Secret %q of %s does not exist; it is waited for", ref.secret, ref.field))
			return false, nil
		}
		value := secret.Data[ref.key]
		if len(value) == 0 {
			status.Mark(s.server, authv1alpha1.ConditionCredentialsReady, false, authv1alpha1.ReasonSecretKeyMissing,
				fmt.Sprintf("Secret %q of %s has no value under the key %q", ref.secret, ref.field, ref.key))
			return false, nil
		}
		if ref.restart {
			s.input.PostgreSQLURL = value
		} else {
			s.reloaded[ref.secret+"/"+ref.key] = value
		}
	}
	return true, nil
}

// ensureCredentials takes the credentials from their Secrets, or makes them.
func (r *Reconciler) ensureCredentials(ctx context.Context, s *scope) (bool, error) {
	maker := credentials.Maker{Rand: r.Rand, Clock: r.Clock}
	name, annotations := s.server.Name, s.server.Annotations
	existing := func(secretName string) (credentials.Existing, error) {
		var secret corev1.Secret
		err := r.Client.Get(ctx, types.NamespacedName{Namespace: s.server.Namespace, Name: secretName}, &secret)
		if client.IgnoreNotFound(err) != nil {
			return credentials.Existing{}, fmt.Errorf("reading Secret %s: %w", secretName, err)
		}
		return credentials.Existing{Data: secret.Data, Rotated: secret.Annotations[desired.AnnotationRotated]}, nil
	}
	have, err := existing(desired.SessionSecretName(name))
	if err != nil {
		return false, err
	}
	if s.input.Session, err = maker.Session(have, annotations[authv1alpha1.AnnotationRotateSessionKeys]); err != nil {
		return false, err
	}
	if have, err = existing(desired.EngineSecretName(name)); err != nil {
		return false, err
	}
	if s.input.Engine, err = maker.Engine(have); err != nil {
		return false, err
	}
	if have, err = existing(desired.ManagementName(name)); err != nil {
		return false, err
	}
	host := desired.ManagementName(name) + "." + s.server.Namespace + ".svc"
	s.input.Management, err = maker.Management(have, annotations[authv1alpha1.AnnotationRotateEngineCredentials], []string{host, host + ".cluster.local"})
	if err != nil {
		return false, err
	}
	status.Mark(s.server, authv1alpha1.ConditionCredentialsReady, true, authv1alpha1.ReasonSucceeded, "all credentials are there")
	return true, nil
}
