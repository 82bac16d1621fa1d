package desired

import (
	"path"

	corev1 "k8s.io/api/core/v1"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// AuthleteKeys are the keys of the Secret with the credentials that pods see. The service owner's are the operator's alone,
// as long as they are not in a file.
func AuthleteKeys() []string {
	return []string{
		credentials.FileINI, credentials.FileProperties, credentials.KeyAPIVersion, credentials.KeyBaseURL,
		credentials.KeyServiceID, credentials.KeyAPISecret, credentials.KeyAccessToken,
	}
}

// authleteMounts are what the way to Authlete needs.
func authleteMounts(a *authv1alpha1.AuthleteBackend) []mount {
	as := secretVolume(a.CredentialsSecretRef.Name, AuthleteKeys()...)
	as.Secret.Optional = new(true) // of the keys some are alternatives to others
	all := []mount{{name: "authlete", folder: configv1alpha1.AuthleteDirectory, source: as}}
	if ref := a.TLS.CASecretRef; ref != nil {
		source := secretVolume(ref.Name)
		source.Secret.Items = []corev1.KeyToPath{{Key: ref.KeyOr(authv1alpha1.DefaultCAKey), Path: path.Base(configv1alpha1.AuthleteCAFile)}}
		all = append(all, mount{name: "authlete-ca", folder: path.Dir(configv1alpha1.AuthleteCAFile), source: source})
	}
	if ref := a.TLS.ClientCertificateSecretRef; ref != nil {
		all = append(all, mount{
			name: "authlete-client", folder: path.Dir(configv1alpha1.AuthleteCertFile),
			source: secretVolume(ref.Name, corev1.TLSCertKey, corev1.TLSPrivateKeyKey),
		})
	}
	return all
}
