package metadata

import (
	"slices"
	"sync/atomic"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Cache keeps the discovery document of the settings from which it was built. Its zero value is ready for use.
type Cache struct {
	current atomic.Pointer[built]
}

// built is a document with the settings that it says.
type built struct {
	service  *authlete.Service
	document []byte
}

// Document returns the document of the settings, which must not change after the call. It must not be modified.
func (c *Cache) Document(service *authlete.Service, idTokenAlgs, assertionAlgs []authlete.JWSAlg) ([]byte, error) {
	if kept := c.current.Load(); kept != nil && kept.service == service {
		return kept.document, nil
	}
	algorithms := slices.Sorted(slices.Values(idTokenAlgs))
	slices.Reverse(algorithms) // RS256, which every client must know, first
	document, err := Document(service, algorithms, assertionAlgs)
	if err != nil {
		return nil, err
	}
	c.current.Store(&built{service: service, document: document})
	return document, nil
}
