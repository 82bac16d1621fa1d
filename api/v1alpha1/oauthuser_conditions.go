package v1alpha1

// Condition types of an OAuthUser, beside Ready, Reconciling and Stalled. Each
// is a fact that is good when True; Ready is True when all are.
const (
	// ConditionUsernameUnique says that no older OAuthUser of the server has the same username or subject.
	ConditionUsernameUnique = "UsernameUnique"
	// ConditionPasswordReady says that the password, if there is to be one, could be taken from its Secret.
	ConditionPasswordReady = "PasswordReady"
	// ConditionClaimsValid says that the claims can be put into tokens: none of the extra claims has a reserved name.
	ConditionClaimsValid = "ClaimsValid"
	// ConditionProjected says that the server was given the user as the spec describes it.
	ConditionProjected = "Projected"
)

// Reasons of an OAuthUser's conditions, beside the shared ones.
const (
	// ReasonUsernameConflict says that an older OAuthUser of the server has the username.
	ReasonUsernameConflict = "UsernameConflict"
	// ReasonSubjectConflict says that an older OAuthUser of the server has the subject.
	ReasonSubjectConflict = "SubjectConflict"
	// ReasonNoPassword says that the user has no password, as the spec wants it.
	ReasonNoPassword = "NoPassword"
	// ReasonHashed says that the password was hashed by the operator.
	ReasonHashed = "Hashed"
	// ReasonHashAccepted says that the Secret holds a hash that the server can check.
	ReasonHashAccepted = "HashAccepted"
	// ReasonHashUnsupported says that the Secret holds something else than a supported hash, or a hash with
	// parameters that the server does not accept.
	ReasonHashUnsupported = "HashUnsupported"
	// ReasonReservedClaim says that an extra claim has a name that is reserved.
	ReasonReservedClaim = "ReservedClaim"
	// ReasonProjected is the reason of Projected=True.
	ReasonProjected = "Projected"
	// ReasonNotSelected says that the server's selector does not pick the user.
	ReasonNotSelected = "NotSelected"
)
