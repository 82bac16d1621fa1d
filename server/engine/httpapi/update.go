package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
)

// members are those of a JSON object. A null is a member that the caller wants to be empty.
type members map[string]json.RawMessage

// has says whether all of the names are there.
func (m members) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return m.null(name) })
}

// null says whether a member is not there, or empty.
func (m members) null(name string) bool {
	value, there := m[name]
	return !there || string(value) == "null"
}

// over returns the members with a change on top.
func (m members) over(below members) members {
	merged := maps.Clone(below)
	for name, value := range m {
		if string(value) == "null" {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	return merged
}

// membersOf returns the members of a structure as the API writes it.
func membersOf(structure any) (members, error) {
	data, err := json.Marshal(structure)
	if err != nil {
		return nil, fmt.Errorf("encoding what is stored: %w", err)
	}
	var m members
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("decoding what is stored: %w", err)
	}
	return m, nil
}

// into decodes the members.
func (m members) into(structure any) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding what was sent: %w", err)
	}
	return unmarshal(data, structure)
}

// sent reads the members of a body. The shape says how to read a form.
func sent(r *http.Request, shape reflect.Type) (members, error) {
	object, err := readObject(r, shape)
	if err != nil {
		return nil, err
	}
	m := members{}
	if err := unmarshal(object, &m); err != nil {
		return nil, err
	}
	if m == nil { // null
		return nil, refusal(http.StatusBadRequest, "E001205", "the body is not the JSON that the call takes")
	}
	return m, unmarshal(object, reflect.New(shape).Interface())
}

// serviceUpdate changes the settings. Who sends a whole service, as clients do that read it before, replaces it; of who
// sends less, the members that are there replace those that are stored.
func (h *Handler) serviceUpdate(ctx context.Context, r *http.Request) (any, error) {
	change, err := sent(r, reflect.TypeFor[authlete.Service]())
	if err != nil {
		return nil, err
	}
	if !change.null("jwks") { // it would be kept in the clear, and sign nothing
		return nil, refusal(http.StatusBadRequest, "E001216", "jwks cannot be set: the engine makes its own signing keys")
	}
	return h.backend.EditService(ctx, func(current *authlete.Service) (*authlete.Service, error) {
		return serviceOver(change, current)
	})
}

// serviceOver returns the settings with a change on top.
func serviceOver(change members, current *authlete.Service) (*authlete.Service, error) {
	stored, err := membersOf(current)
	if err != nil {
		return nil, err
	}
	// The flags are never left out by libraries that write whole objects, apart from those that leave out all that is
	// false; what those read and write back has number and issuer.
	if change.has("pkceRequired", "clientIdAliasEnabled") || change.has("apiKey", "issuer") {
		change = wholeService(change, stored)
	} else {
		change = change.over(stored)
	}
	// These are the backend's own.
	for _, name := range []string{"number", "serviceOwnerNumber", "apiSecret"} {
		delete(change, name)
	}
	service := &authlete.Service{}
	if err := change.into(service); err != nil {
		return nil, err
	}
	service.APIKey, service.CreatedAt = current.APIKey, current.CreatedAt
	return service, nil
}

// wholeService returns a whole service with what its writer cannot leave empty, or does not know to exist.
func wholeService(change, stored members) members {
	kept := []string{"accessTokenDuration", "idTokenDuration", "authorizationCodeDuration"}
	if change.null("authorizationCodeDuration") { // the engine's own members are unknown to the writer
		kept = append(kept, "logoUri")
	}
	whole := maps.Clone(change)
	for _, name := range kept {
		if value, there := stored[name]; there && whole.null(name) {
			whole[name] = value
		}
	}
	return whole
}

// clientUpdate changes a client; see serviceUpdate.
func (h *Handler) clientUpdate(ctx context.Context, r *http.Request) (any, error) {
	change, err := sent(r, reflect.TypeFor[authlete.Client]())
	if err != nil {
		return nil, err
	}
	whole := change.has("clientIdAliasEnabled", "authTimeRequired") || change.has("clientId", "createdAt")
	return h.backend.EditClient(ctx, r.PathValue("client"), func(current *authlete.Client) (*authlete.Client, error) {
		merged := change
		if !whole {
			if merged, err = clientOver(change, current); err != nil {
				return nil, err
			}
		}
		client := &authlete.Client{}
		return client, merged.into(client)
	})
}

// clientOver returns a client with a change on top, that of its extension included.
func clientOver(change members, current *authlete.Client) (members, error) {
	stored, err := membersOf(current)
	if err != nil {
		return nil, err
	}
	merged := change.over(stored)
	if change.null("extension") || stored.null("extension") {
		return merged, nil
	}
	var above, below members
	if err := unmarshal(change["extension"], &above); err != nil {
		return nil, err
	}
	if err := unmarshal(stored["extension"], &below); err != nil {
		return nil, err
	}
	merged["extension"], err = json.Marshal(above.over(below))
	return merged, err
}
