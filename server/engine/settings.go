package engine

import (
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/management"
)

// CheckSettings names the settings of a service that the engine cannot keep. The API refuses them; who opens an engine with
// settings of somebody else asks first.
func CheckSettings(service *authlete.Service) error { return management.CheckService(service, nil) }
