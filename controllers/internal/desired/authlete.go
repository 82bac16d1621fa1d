package desired

import (
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
	return append(all, tlsMounts("authlete", tlsSource{
		authorities: a.TLS.CASecretRef, authoritiesFile: configv1alpha1.AuthleteCAFile,
		certificate: a.TLS.ClientCertificateSecretRef, certificateFile: configv1alpha1.AuthleteCertFile,
	})...)
}
