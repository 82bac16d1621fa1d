package serverconfig

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// Times of a stop, in seconds: draining, finishing requests and the margin fit into the pods' termination grace period.
const (
	drainSeconds   = 5
	maxFinish      = 20
	shutdownMargin = 2
	secondsPerDay  = 24 * 3600
)

// Render returns the configuration, completed and valid.
func Render(as *authv1alpha1.AuthorizationServer) (*configv1alpha1.ServerConfig, error) {
	spec := &as.Spec
	c := &configv1alpha1.ServerConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1alpha1.APIVersion, Kind: configv1alpha1.KindServerConfig},
		Issuer:   spec.Issuer,
		Backend:  backend(as),
		Service:  service(spec),
		Session:  session(spec),
		Login: configv1alpha1.Login{
			FreeAttempts: spec.EffectiveLogin().FreeAttempts, MaxDelaySeconds: seconds(spec.EffectiveLogin().MaxDelaySeconds),
			ACR: spec.EffectiveLogin().ACR,
		},
		Users:    configv1alpha1.Users{Directory: configv1alpha1.UsersDirectory},
		Shutdown: shutdown(spec),
		Log:      configv1alpha1.Log{Level: strings.ToLower(string(spec.EffectiveLogLevel()))},
	}
	if spec.TLS != nil {
		c.TLS = &configv1alpha1.TLSFiles{CertFile: configv1alpha1.PublicCertFile, KeyFile: configv1alpha1.PublicKeyFile}
		c.ClientCertificates = configv1alpha1.ClientCertificateMode(spec.TLS.ClientCertificates)
	}
	for _, cidr := range spec.TrustedProxies {
		c.TrustedProxies = append(c.TrustedProxies, string(cidr))
	}
	for _, caller := range spec.Introspection.Callers {
		c.Introspection.Callers = append(c.Introspection.Callers, configv1alpha1.IntrospectionCaller{
			Name: caller.Name, SecretFile: configv1alpha1.CallerSecretsDirectory + "/" + caller.Name,
		})
	}
	configv1alpha1.Default(c)
	if errs := configv1alpha1.Validate(c); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	return c, nil
}

// YAML returns the configuration as the server reads it.
func YAML(c *configv1alpha1.ServerConfig) (string, error) {
	data, err := yaml.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encoding the server configuration: %w", err)
	}
	return string(data), nil
}

func backend(as *authv1alpha1.AuthorizationServer) configv1alpha1.Backend {
	if a := as.Spec.Backend.Authlete; a != nil {
		return configv1alpha1.Backend{Type: configv1alpha1.BackendAuthlete, Authlete: remote(a)}
	}
	return configv1alpha1.Backend{Type: configv1alpha1.BackendEmbedded, Embedded: embedded(as)}
}

func remote(a *authv1alpha1.AuthleteBackend) *configv1alpha1.AuthleteBackend {
	c := &configv1alpha1.AuthleteBackend{
		CredentialsDirectory: configv1alpha1.AuthleteDirectory, ProxyURL: a.ProxyURL,
		ConnectSeconds: configv1alpha1.Seconds(a.EffectiveConnectTimeoutSeconds()),
		RequestSeconds: configv1alpha1.Seconds(a.EffectiveRequestTimeoutSeconds()),
	}
	if a.TLS.CASecretRef != nil {
		c.CAFile = configv1alpha1.AuthleteCAFile
	}
	if a.TLS.ClientCertificateSecretRef != nil {
		c.ClientCertificate = &configv1alpha1.TLSFiles{CertFile: configv1alpha1.AuthleteCertFile, KeyFile: configv1alpha1.AuthleteKeyFile}
	}
	return c
}

func embedded(as *authv1alpha1.AuthorizationServer) *configv1alpha1.EmbeddedBackend {
	e := &configv1alpha1.EmbeddedBackend{
		KeyEncryptionKeyFile: configv1alpha1.KeyEncryptionKeyFile,
		Management: &configv1alpha1.Management{
			TokenFile: configv1alpha1.ManagementTokenFile,
			TLS:       configv1alpha1.TLSFiles{CertFile: configv1alpha1.ManagementCertFile, KeyFile: configv1alpha1.ManagementKeyFile},
		},
		Signing: configv1alpha1.Signing{
			Algorithm:       configv1alpha1.SigningAlgorithm(as.Spec.EffectiveSigning().Algorithm),
			RotationSeconds: new(seconds(as.Spec.EffectiveSigning().RotationIntervalDays) * secondsPerDay),
			RotationRequest: as.Annotations[authv1alpha1.AnnotationRotateSigningKeys],
		},
	}
	switch as.Spec.EffectiveStorageType() {
	case authv1alpha1.StorageSQLite:
		e.Storage = configv1alpha1.Storage{
			Type: configv1alpha1.StorageSQLite, SQLite: &configv1alpha1.SQLiteStorage{Path: configv1alpha1.DataDirectory + "/engine.db"},
		}
	case authv1alpha1.StoragePostgreSQL:
		e.Storage = configv1alpha1.Storage{
			Type: configv1alpha1.StoragePostgreSQL, PostgreSQL: postgreSQL(as.Spec.Backend.Embedded.Storage.PostgreSQL),
		}
	default:
		e.Storage = configv1alpha1.Storage{Type: configv1alpha1.StorageMemory}
	}
	return e
}

func postgreSQL(p *authv1alpha1.PostgreSQLStorage) *configv1alpha1.PostgreSQLStorage {
	storage := &configv1alpha1.PostgreSQLStorage{
		ConnectionFile: configv1alpha1.PostgreSQLFile, MaxConnections: p.EffectiveMaxConnections(),
	}
	if p.TLS.CASecretRef != nil {
		storage.CAFile = configv1alpha1.PostgreSQLCAFile
	}
	if p.TLS.ClientCertificateSecretRef != nil {
		storage.ClientCertificate = &configv1alpha1.TLSFiles{
			CertFile: configv1alpha1.PostgreSQLCertFile, KeyFile: configv1alpha1.PostgreSQLKeyFile,
		}
	}
	return storage
}

// service returns the settings of the service. With Authlete the pods need only what they show and which claims
// scopes release: the rest is compared with the settings there, and a change of it must not restart them.
func service(spec *authv1alpha1.AuthorizationServerSpec) configv1alpha1.Service {
	if spec.Backend.Authlete != nil {
		s := shown(spec)
		s.Scopes = released(spec)
		return s
	}
	tokens, pkce := spec.EffectiveTokens(), spec.EffectivePKCE()
	s := shown(spec)
	s.Tokens = configv1alpha1.Tokens{
		AccessTokenSeconds: seconds(tokens.AccessTokenSeconds), RefreshTokenSeconds: seconds(tokens.RefreshTokenSeconds),
		IDTokenSeconds: seconds(tokens.IDTokenSeconds), AuthorizationCodeSeconds: seconds(tokens.AuthorizationCodeSeconds),
		RefreshAbsoluteSeconds: seconds(tokens.RefreshAbsoluteSeconds), RefreshLeewaySeconds: new(seconds(tokens.RefreshLeewaySeconds)),
		RefreshRotation: configv1alpha1.RefreshRotation(tokens.RefreshRotation),
	}
	s.PKCE = configv1alpha1.PKCE{
		Required: configv1alpha1.PKCERequirement(pkce.Required), ChallengeMethods: configv1alpha1.PKCEChallengeMethods(pkce.ChallengeMethods),
	}
	for _, scope := range spec.EffectiveScopes() {
		s.Scopes = append(s.Scopes, configv1alpha1.Scope{
			Name: string(scope.Name), Description: scope.Description, Claims: claimNames(scope.Claims), Grant: configv1alpha1.ScopeGrant(scope.Grant),
		})
	}
	for _, grant := range spec.EffectiveGrantTypes() {
		s.GrantTypes = append(s.GrantTypes, string(grant))
	}
	for _, response := range spec.EffectiveResponseTypes() {
		s.ResponseTypes = append(s.ResponseTypes, string(response))
	}
	return s
}

// released are the scopes that release claims of which Authlete knows nothing.
func released(spec *authv1alpha1.AuthorizationServerSpec) []configv1alpha1.Scope {
	var scopes []configv1alpha1.Scope
	for _, scope := range spec.EffectiveScopes() {
		if len(scope.Claims) > 0 {
			scopes = append(scopes, configv1alpha1.Scope{Name: string(scope.Name), Claims: claimNames(scope.Claims)})
		}
	}
	return scopes
}

func claimNames(claims []authv1alpha1.ClaimName) []string {
	var names []string
	for _, claim := range claims {
		names = append(names, string(claim))
	}
	return names
}

// shown is what pages show of the service.
func shown(spec *authv1alpha1.AuthorizationServerSpec) configv1alpha1.Service {
	return configv1alpha1.Service{
		Name: spec.EffectiveServiceName(), LogoURI: string(spec.Display.LogoURI), PolicyURI: string(spec.Display.PolicyURI), TosURI: string(spec.Display.TosURI),
	}
}

func session(spec *authv1alpha1.AuthorizationServerSpec) configv1alpha1.Session {
	s := spec.EffectiveSession()
	return configv1alpha1.Session{
		KeyRingFile: configv1alpha1.SessionKeyRingFile, IdleSeconds: seconds(s.IdleSeconds), AbsoluteSeconds: seconds(s.AbsoluteSeconds),
		InteractionSeconds: seconds(s.InteractionSeconds), Consent: configv1alpha1.ConsentMode(s.Consent),
	}
}

// shutdown divides the pods' termination grace period.
func shutdown(spec *authv1alpha1.AuthorizationServerSpec) configv1alpha1.Shutdown {
	finish := min(maxFinish, max(1, spec.EffectiveTerminationGracePeriodSeconds()-drainSeconds-shutdownMargin))
	return configv1alpha1.Shutdown{DrainSeconds: new(configv1alpha1.Seconds(drainSeconds)), FinishSeconds: configv1alpha1.Seconds(finish)}
}

// seconds returns a length of time that a spec has, with defaults filled in.
func seconds(value *int32) configv1alpha1.Seconds { return configv1alpha1.Seconds(*value) }
