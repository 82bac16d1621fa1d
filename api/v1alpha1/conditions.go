package v1alpha1

// Condition types that every kind has. Ready, Reconciling and Stalled follow
// kstatus, so that kubectl wait, Argo CD and Flux understand them.
const (
	// ConditionReady sums up: the object works as declared.
	ConditionReady = "Ready"
	// ConditionReconciling is there, and True, while the operator is at work or waits for something that it expects to come.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is there, and True, when nothing will change until a person changes something.
	ConditionStalled = "Stalled"
)

// Reasons that conditions of several kinds use.
const (
	// ReasonReady is the reason of Ready=True.
	ReasonReady = "Ready"
	// ReasonSucceeded says that a step was done.
	ReasonSucceeded = "Succeeded"
	// ReasonProgressing says that work is under way and is expected to end by itself.
	ReasonProgressing = "Progressing"
	// ReasonInvalidSpec says that the spec contradicts itself in a way that the schema cannot tell. A person must change it.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonSecretNotFound says that a Secret that the spec refers to does not exist. It is waited for.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretKeyMissing says that a Secret that the spec refers to lacks the key, or that its value is empty. It is
	// waited for.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonSecretInvalid says that the value in a Secret that the spec refers to cannot be used. A changed Secret is taken
	// up at once.
	ReasonSecretInvalid = "SecretInvalid"
	// ReasonSecretNotOwned says that a Secret that the operator should write exists and belongs to somebody else.
	ReasonSecretNotOwned = "SecretNotOwned"
	// ReasonServerNotFound says that the AuthorizationServer that the object refers to does not exist. It is waited for.
	ReasonServerNotFound = "ServerNotFound"
	// ReasonServerNotReady says that the AuthorizationServer that the object refers to cannot be reached yet.
	ReasonServerNotReady = "ServerNotReady"
	// ReasonConflict says that an older object claims the same name. The newer one waits.
	ReasonConflict = "Conflict"
	// ReasonUnique says that no older object claims the same name.
	ReasonUnique = "Unique"
	// ReasonReconcileError says that a step failed and is tried again; the message names the step.
	ReasonReconcileError = "ReconcileError"
	// ReasonDeleting says that the object is being deleted.
	ReasonDeleting = "Deleting"
)
