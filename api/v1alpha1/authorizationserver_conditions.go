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
	// ConditionSettingsMatch says that the service at Authlete has the settings that the spec declares. There is none with
	// the embedded engine. Ready does not depend on it, unless the operator is told to enforce the settings and cannot.
	ConditionSettingsMatch = "SettingsMatch"
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
	// ReasonAsDeclared is the reason of SettingsMatch=True.
	ReasonAsDeclared = "AsDeclared"
	// ReasonDiffering says that the service has other settings than the spec declares: status.backend.differences.
	ReasonDiffering = "Differing"
	// ReasonRepairRefused says that the backend refuses the declared settings; the message has its own words. They are
	// tried again every five minutes.
	ReasonRepairRefused = "RepairRefused"
	// ReasonRepairIneffective says that the backend took the declared settings and did not keep them. They are tried again
	// every five minutes.
	ReasonRepairIneffective = "RepairIneffective"
	// ReasonSettingsNotManaged says that nobody looks at the settings: spec.backend.authlete.management is None.
	ReasonSettingsNotManaged = "NotManaged"
)
