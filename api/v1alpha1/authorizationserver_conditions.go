package v1alpha1

// Condition types of an AuthorizationServer, beside Ready, Reconciling and
// Stalled. Each is a fact that is good when True; Ready is True when all are.
const (
	// ConditionConfigurationValid says that the spec makes a configuration that the server accepts.
	ConditionConfigurationValid = "ConfigurationValid"
	// ConditionCredentialsReady says that every Secret that the spec refers to can be used, and that the session keys and
	// the engine's credentials exist.
	ConditionCredentialsReady = "CredentialsReady"
	// ConditionIssuerUnique says that no older AuthorizationServer of the namespace has the same issuer.
	ConditionIssuerUnique = "IssuerUnique"
	// ConditionUsersProjected says that the pods were given every user that they should serve.
	ConditionUsersProjected = "UsersProjected"
	// ConditionAvailable says that the pods of the current configuration are available.
	ConditionAvailable = "Available"
	// ConditionBackendReachable says that the protocol engine answered with the credentials that the operator has. An
	// outage of the engine shows here, and not as a wrong configuration.
	ConditionBackendReachable = "BackendReachable"
	// ConditionDiscoverable says that the discovery document, read through the Service, shows the declared issuer.
	ConditionDiscoverable = "Discoverable"
)

// Reasons of an AuthorizationServer's conditions, beside the shared ones.
const (
	// ReasonValid is the reason of ConfigurationValid=True.
	ReasonValid = "Valid"
	// ReasonIssuerConflict says that an older AuthorizationServer has the same issuer.
	ReasonIssuerConflict = "IssuerConflict"
	// ReasonClaimNotFound says that the PersistentVolumeClaim that the spec refers to does not exist. It is waited for.
	ReasonClaimNotFound = "ClaimNotFound"
	// ReasonTooManyUsers says that the users do not fit into the Secrets that carry them.
	ReasonTooManyUsers = "TooManyUsers"
	// ReasonRollingOut says that pods of the current configuration are being started.
	ReasonRollingOut = "RollingOut"
	// ReasonPodsUnavailable says that pods of the current configuration do not become ready; the message says why.
	ReasonPodsUnavailable = "PodsUnavailable"
	// ReasonScaledToZero says that spec.replicas is 0: the server is stopped.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonReachable is the reason of BackendReachable=True.
	ReasonReachable = "Reachable"
	// ReasonUnreachable says that the engine did not answer.
	ReasonUnreachable = "Unreachable"
	// ReasonUnauthorized says that the engine refused the operator's credentials.
	ReasonUnauthorized = "Unauthorized"
	// ReasonBackendError says that the engine answered with an error.
	ReasonBackendError = "BackendError"
	// ReasonIssuerServed is the reason of Discoverable=True.
	ReasonIssuerServed = "IssuerServed"
	// ReasonIssuerMismatch says that the discovery document shows another issuer.
	ReasonIssuerMismatch = "IssuerMismatch"
	// ReasonNotServed says that the discovery document could not be read through the Service.
	ReasonNotServed = "NotServed"
	// ReasonWaitingForPods says that something cannot be known before a pod is available.
	ReasonWaitingForPods = "WaitingForPods"
)
