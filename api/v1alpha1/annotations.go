package v1alpha1

// Annotations that ask for a rotation. The value is opaque, for example a date.
// A value that differs from the one handled last causes exactly one rotation;
// removing the annotation causes none.
const (
	// AnnotationRotateSessionKeys, on an AuthorizationServer, adds a new key that seals login sessions. Sessions sealed
	// with the key before stay valid until they expire.
	AnnotationRotateSessionKeys = "authserver.dev/rotate-session-keys"
	// AnnotationRotateEngineCredentials, on an AuthorizationServer, replaces the token and the certificate with which the
	// operator reaches the management API of the embedded engine.
	AnnotationRotateEngineCredentials = "authserver.dev/rotate-engine-credentials" //nolint:gosec // a key
	// AnnotationRotateSigningKeys, on an AuthorizationServer, replaces the keys that sign tokens. Tokens signed with the
	// key before stay verifiable until they expire.
	AnnotationRotateSigningKeys = "authserver.dev/rotate-signing-keys"
	// AnnotationRotateClientSecret, on an OAuthClient, replaces a generated client secret.
	AnnotationRotateClientSecret = "authserver.dev/rotate-client-secret" //nolint:gosec // a key
)
