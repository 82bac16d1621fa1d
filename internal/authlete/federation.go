package authlete

// FederationConfigurationAction is what the caller of federation/configuration must do next.
type FederationConfigurationAction string

// Actions of federation/configuration.
const (
	FederationConfigurationOK                  FederationConfigurationAction = "OK"
	FederationConfigurationNotFound            FederationConfigurationAction = "NOT_FOUND"
	FederationConfigurationInternalServerError FederationConfigurationAction = "INTERNAL_SERVER_ERROR"
)

// EntityOpenIDProvider is the type of a federation entity that is an OpenID provider.
const EntityOpenIDProvider = "OPENID_PROVIDER"

// FederationConfigurationRequest asks for the entity configuration of the service. The API refuses a call without a body.
type FederationConfigurationRequest struct {
	// EntityTypes are what the entity is, e.g. OPENID_PROVIDER.
	EntityTypes []string `json:"entityTypes,omitempty"`
}

// FederationConfigurationResponse is the entity configuration of the service (OpenID Federation 1.0, section 9).
type FederationConfigurationResponse struct {
	Result
	// Action is what to do next.
	Action FederationConfigurationAction `json:"action"`
	// ResponseContent is a JWT, or the JSON body of an error.
	ResponseContent string `json:"responseContent,omitempty"`
}
