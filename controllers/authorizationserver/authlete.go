package authorizationserver

import (
	"context"
	"errors"
	"fmt"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/desired"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// Fields that refer to Secrets for Authlete.
const (
	fieldCredentials       = "spec.backend.authlete.credentialsSecretRef" //nolint:gosec // the name of a field
	fieldCA                = "spec.backend.authlete.tls.caSecretRef"
	fieldClientCertificate = "spec.backend.authlete.tls.clientCertificateSecretRef"
)

// authleteReferences are the keys that the spec names on the way to Authlete; those of the credentials depend on each other
// and are read by readAuthlete.
func authleteReferences(server *authv1alpha1.AuthorizationServer) []reference {
	a := server.Spec.Backend.Authlete
	if a == nil {
		return nil
	}
	var all []reference
	if ref := a.TLS.CASecretRef; ref != nil {
		all = append(all, reference{
			fieldCA, ref.Name, ref.KeyOr(authv1alpha1.DefaultCAKey), func(in *desired.Input) *[]byte { return &in.AuthleteCA },
		})
	}
	return append(all, certificateReferences(fieldClientCertificate, a.TLS.ClientCertificateSecretRef)...)
}

// readAuthlete reads the credentials for Authlete, and notes which key is missing or wrong.
func (r *Reconciler) readAuthlete(ctx context.Context, s *scope) error {
	a := s.server.Spec.Backend.Authlete
	if a == nil {
		return nil
	}
	name := a.CredentialsSecretRef.Name
	data, err := r.readSecret(ctx, s, reference{field: fieldCredentials, secret: name})
	if data == nil {
		return err
	}
	inPods := map[string][]byte{}
	for _, key := range desired.AuthleteKeys() {
		if value, ok := data[key]; ok {
			inPods[key], s.reloaded[name+"/"+key] = value, value
		}
	}
	if p := checkCredentials(a, data, inPods); p != nil {
		s.wrong(p.reason, fmt.Sprintf("Secret %q of %s: %s", name, fieldCredentials, p.message))
	}
	return nil
}

// checkCredentials says what keeps the operator, or the pods, from calling Authlete with the content of a Secret.
func checkCredentials(a *authv1alpha1.AuthleteBackend, data, inPods map[string][]byte) *problem {
	as, err := credentials.Parse(data)
	if err != nil {
		return credentialsProblem(err)
	}
	management := a.EffectiveManagement()
	if as.Version == credentials.V2 && as.OwnerKey == "" && management != authv1alpha1.ManagementNone {
		return &problem{authv1alpha1.ReasonSecretKeyMissing, fmt.Sprintf(
			"%s is missing: with the API 2.x only the service owner may read and change settings; add %s and %s, or set spec.backend.authlete.management to None",
			credentials.KeyOwnerKey, credentials.KeyOwnerKey, credentials.KeyOwnerSecret)}
	}
	if _, err := credentials.Parse(inPods); err != nil {
		return &problem{authv1alpha1.ReasonSecretInvalid, fmt.Sprintf(
			"%s and %s must be in the same place, both in the file or both as keys of their own: pods do not get single ones",
			credentials.KeyOwnerKey, credentials.KeyOwnerSecret)}
	}
	return nil
}

// credentialsProblem names the key. Errors of credentials never quote values.
func credentialsProblem(err error) *problem {
	wrong, ok := errors.AsType[*credentials.Error](err)
	if ok && wrong.Missing {
		return &problem{authv1alpha1.ReasonSecretKeyMissing, wrong.Error()}
	}
	return &problem{authv1alpha1.ReasonSecretInvalid, err.Error()}
}

// checkAuthleteTLS says what is wrong with the certificates for the way to Authlete; nil if nothing is.
func checkAuthleteTLS(s *scope) *problem {
	a := s.server.Spec.Backend.Authlete
	if a == nil {
		return nil
	}
	if ref := a.TLS.CASecretRef; ref != nil {
		if p := checkAuthorities(fieldCA, ref, s.input.AuthleteCA); p != nil {
			return p
		}
	}
	return s.checkPair(fieldClientCertificate, a.TLS.ClientCertificateSecretRef)
}
