package v1alpha1

// Condition types of an OAuthClient, beside Ready, Reconciling and Stalled. Each
// is a fact that is good when True; Ready is True when all are.
const (
	// ConditionClientIDUnique says that no older OAuthClient of the server has the same client ID.
	ConditionClientIDUnique = "ClientIDUnique"
	// ConditionSecretReady says that the client secret is known and that the application's Secret is written.
	ConditionSecretReady = "SecretReady"
	// ConditionRegistered says that the protocol engine has the client as the spec describes it.
	ConditionRegistered = "Registered"
)

// Reasons of an OAuthClient's conditions, beside the shared ones.
const (
	// ReasonClientIDConflict says that an older OAuthClient of the server has the client ID.
	ReasonClientIDConflict = "ClientIDConflict"
	// ReasonSecretWritten is the reason of SecretReady=True.
	ReasonSecretWritten = "SecretWritten"
	// ReasonRegistered is the reason of Registered=True.
	ReasonRegistered = "Registered"
	// ReasonRejected says that the engine refused the client; the message says why. A person must change the spec.
	ReasonRejected = "Rejected"
	// ReasonNotManaged says that the engine has a client of that ID that is not this object's. It is left alone; the
	// message says whose it is, or how to adopt it.
	ReasonNotManaged = "NotManaged"
	// ReasonNothingToAdopt says that the engine does not have the client that spec.adopt names.
	ReasonNothingToAdopt = "NothingToAdopt"
	// ReasonAdoptedClientLost says that the engine does not have the client any more that was adopted. It is not made anew,
	// since applications and grants depend on more than what the spec names.
	ReasonAdoptedClientLost = "AdoptedClientLost"
	// ReasonClientDiffers says that an adopted client is not as the spec declares it: status.differences. Nothing is changed
	// while spec.management is Observe.
	ReasonClientDiffers = "ClientDiffers"
	// ReasonAdopted says, in an event, that the client of spec.adopt was taken over, and what was changed.
	ReasonAdopted = "Adopted"
	// ReasonClientRepaired says, in an event, that members of an adopted client were changed to what is declared.
	ReasonClientRepaired = "ClientRepaired"
	// ReasonRateLimited says that the engine limits calls. It is asked again when it allows.
	ReasonRateLimited = "RateLimited"
	// ReasonRetained says, in an event, that the client was left at the engine because of spec.deletionPolicy.
	ReasonRetained = "Retained"
	// ReasonDeregistrationAbandoned says that the engine could not be reached for so long that the object was let go; a
	// client may be left behind there.
	ReasonDeregistrationAbandoned = "DeregistrationAbandoned"
)
