package authorizationserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// Fields that refer to certificates.
const (
	fieldCertificate         = "spec.tls.certificateSecretRef"
	fieldDatabaseCA          = "spec.backend.embedded.storage.postgresql.tls.caSecretRef"
	fieldDatabaseCertificate = "spec.backend.embedded.storage.postgresql.tls.clientCertificateSecretRef"
)

// reference is a key of a Secret that the spec names.
type reference struct {
	field, secret, key string
	// start is where a value goes that the server reads at start only; nil for one that it reloads.
	start func(in *desired.Input) *[]byte
}

// references returns all of them.
func references(server *authv1alpha1.AuthorizationServer) []reference {
	var all []reference
	if e := server.Spec.Backend.Embedded; e != nil && e.Storage.PostgreSQL != nil {
		ref := e.Storage.PostgreSQL.ConnectionSecretRef
		all = append(all, reference{
			"spec.backend.embedded.storage.postgresql.connectionSecretRef", ref.Name, ref.KeyOr(authv1alpha1.DefaultConnectionKey),
			func(in *desired.Input) *[]byte { return &in.PostgreSQLURL },
		})
		if ref := e.Storage.PostgreSQL.TLS.CASecretRef; ref != nil {
			all = append(all, reference{fieldDatabaseCA, ref.Name, ref.KeyOr(authv1alpha1.DefaultCAKey), nil})
		}
		all = append(all, certificateReferences(fieldDatabaseCertificate, e.Storage.PostgreSQL.TLS.ClientCertificateSecretRef)...)
	}
	all = append(all, authleteReferences(server)...)
	if server.Spec.TLS != nil {
		all = append(all, certificateReferences(fieldCertificate, &server.Spec.TLS.CertificateSecretRef)...)
	}
	for i, caller := range server.Spec.Introspection.Callers {
		field := fmt.Sprintf("spec.introspection.callers[%d].secretRef", i)
		all = append(all, reference{field, caller.SecretRef.Name, caller.SecretRef.KeyOr(authv1alpha1.DefaultCallerSecretKey), nil})
	}
	return all
}

// certificateReferences are the keys of a Secret of type kubernetes.io/tls, which the server reloads.
func certificateReferences(field string, ref *authv1alpha1.SecretReference) []reference {
	if ref == nil {
		return nil
	}
	return []reference{{field, ref.Name, corev1.TLSCertKey, nil}, {field, ref.Name, corev1.TLSPrivateKeyKey, nil}}
}

// refersTo says whether the spec refers to the Secret.
func refersTo(server *authv1alpha1.AuthorizationServer, secret string) bool {
	if a := server.Spec.Backend.Authlete; a != nil && a.CredentialsSecretRef.Name == secret {
		return true
	}
	return slices.ContainsFunc(references(server), func(ref reference) bool { return ref.secret == secret })
}

// problem is why something that the spec refers to cannot be used. It is waited for.
type problem struct{ reason, message string }

// readReferences reads what the spec refers to, as far as it is there. What is wrong is held against the server later, by
// checkReferences: a missing Secret must not keep running pods from hearing that a person may no longer log in.
func (r *Reconciler) readReferences(ctx context.Context, s *scope) (bool, error) {
	s.reloaded = map[string][]byte{}
	for _, ref := range references(s.server) {
		if err := r.read(ctx, s, ref); err != nil {
			return false, err
		}
	}
	if err := r.readAuthlete(ctx, s); err != nil {
		return false, err
	}
	if s.problem == nil {
		s.problem = checkCertificate(s)
	}
	if s.problem == nil {
		s.problem = checkAuthleteTLS(s)
	}
	if s.problem == nil {
		s.problem = checkDatabaseTLS(s)
	}
	return true, r.readClaim(ctx, s)
}

// read reads one key of a Secret.
func (r *Reconciler) read(ctx context.Context, s *scope, ref reference) error {
	data, err := r.readSecret(ctx, s, ref)
	if data == nil {
		return err
	}
	value := data[ref.key]
	switch {
	case len(value) == 0:
		s.wrong(authv1alpha1.ReasonSecretKeyMissing, fmt.Sprintf("Secret %q of %s has no value under the key %q", ref.secret, ref.field, ref.key))
	case ref.start != nil:
		*ref.start(&s.input) = value
	default:
		s.reloaded[ref.secret+"/"+ref.key] = value
	}
	return nil
}

// readSecret returns the content of a Secret, and nil, which is noted, for one that does not exist.
func (r *Reconciler) readSecret(ctx context.Context, s *scope, ref reference) (map[string][]byte, error) {
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: s.server.Namespace, Name: ref.secret}, &secret)
	switch {
	case apierrors.IsNotFound(err):
		s.wrong(authv1alpha1.ReasonSecretNotFound, fmt.Sprintf(
			"Secret %q of %s does not exist in the namespace %q; it is waited for", ref.secret, ref.field, s.server.Namespace))
		return nil, nil //nolint:nilnil // what is missing is noted
	case err != nil:
		return nil, fmt.Errorf("reading Secret %s: %w", ref.secret, err)
	case secret.Data == nil:
		return map[string][]byte{}, nil
	default:
		return secret.Data, nil
	}
}

// wrong keeps the first problem.
func (s *scope) wrong(reason, message string) {
	if s.problem == nil {
		s.problem = &problem{reason, message}
	}
}

// checkCertificate says what keeps the pods from serving with the certificate of spec.tls; nil if nothing does.
func checkCertificate(s *scope) *problem {
	if s.server.Spec.TLS == nil {
		return nil
	}
	return s.checkPair(fieldCertificate, &s.server.Spec.TLS.CertificateSecretRef)
}

// checkDatabaseTLS says what keeps the pods from connecting to the database with the files for TLS; nil if nothing does.
func checkDatabaseTLS(s *scope) *problem {
	e := s.server.Spec.Backend.Embedded
	if e == nil || e.Storage.PostgreSQL == nil {
		return nil
	}
	files := e.Storage.PostgreSQL.TLS
	if ref := files.CASecretRef; ref != nil {
		if p := checkAuthorities(fieldDatabaseCA, ref, s.reloaded[ref.Name+"/"+ref.KeyOr(authv1alpha1.DefaultCAKey)]); p != nil {
			return p
		}
	}
	return s.checkPair(fieldDatabaseCertificate, files.ClientCertificateSecretRef)
}

// checkAuthorities says what is wrong with certificates of authorities; nil if nothing is.
func checkAuthorities(field string, ref *authv1alpha1.SecretKeyReference, content []byte) *problem {
	if x509.NewCertPool().AppendCertsFromPEM(content) {
		return nil
	}
	return &problem{authv1alpha1.ReasonSecretInvalid, fmt.Sprintf(
		"Secret %q of %s does not hold certificates in PEM under the key %q", ref.Name, field, ref.KeyOr(authv1alpha1.DefaultCAKey))}
}

// checkPair says what is wrong with a certificate and its key; nil if nothing is, or none is named.
func (s *scope) checkPair(field string, ref *authv1alpha1.SecretReference) *problem {
	if ref == nil {
		return nil
	}
	if _, err := tls.X509KeyPair(s.reloaded[ref.Name+"/"+corev1.TLSCertKey], s.reloaded[ref.Name+"/"+corev1.TLSPrivateKeyKey]); err == nil {
		return nil
	}
	return &problem{authv1alpha1.ReasonSecretInvalid, fmt.Sprintf(
		"Secret %q of %s does not hold a certificate in PEM with the key that belongs to it", ref.Name, field)}
}

// readClaim waits for a volume claim of the user's own, and takes over what cannot be changed of the operator's.
func (r *Reconciler) readClaim(ctx context.Context, s *scope) error {
	if s.server.Spec.EffectiveStorageType() != authv1alpha1.StorageSQLite {
		return nil
	}
	own := s.server.Spec.EffectiveVolumeClaim().ExistingClaimName
	name := own
	if own == "" {
		name = desired.DataClaimName(s.server)
	}
	claim := &corev1.PersistentVolumeClaim{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: s.server.Namespace, Name: name}, claim)
	missing := apierrors.IsNotFound(err)
	switch {
	case err != nil && !missing:
		return fmt.Errorf("reading PersistentVolumeClaim %s: %w", name, err)
	case missing && own != "":
		s.wrong(authv1alpha1.ReasonClaimNotFound,
			fmt.Sprintf("PersistentVolumeClaim %q of spec.backend.embedded.storage.sqlite.volumeClaim does not exist in the namespace %q; it is waited for",
				own, s.server.Namespace))
	case !missing && own == "":
		s.input.Claim = claim
	}
	return nil
}

// checkReferences goes on only with everything that the spec refers to.
func (r *Reconciler) checkReferences(_ context.Context, s *scope) (bool, error) {
	if p := s.problem; p != nil {
		status.Mark(s.server, authv1alpha1.ConditionCredentialsReady, false, p.reason, p.message)
		return false, nil
	}
	status.Mark(s.server, authv1alpha1.ConditionCredentialsReady, true, authv1alpha1.ReasonSucceeded, "all credentials are there")
	return true, nil
}
