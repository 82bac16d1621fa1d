package authlete

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// Other are the members of a JSON object that this project does not know. They survive reading, changing and writing
// back, so that a change of one setting leaves all others alone, those of later API versions included.
type Other map[string]json.RawMessage

// The types below have the fields of their namesakes, and encoding/json's own way with them.
type (
	plainService   Service
	plainClient    Client
	plainExtension ClientExtension
	plainScope     Scope

	plainAuthorizationResponse AuthorizationResponse
	plainDynamicScope          DynamicScope
	plainDetails               AuthorizationDetails
	plainDetailsElement        AuthorizationDetailsElement
	plainGrant                 Grant
	plainGrantScope            GrantScope
)

// UnmarshalJSON keeps unknown members.
func (s *Service) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainService)(s), &s.Other)
}

// MarshalJSON writes unknown members, too.
func (s Service) MarshalJSON() ([]byte, error) { return marshal(plainService(s), s.Other) }

// UnmarshalJSON keeps unknown members.
func (c *Client) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainClient)(c), &c.Other)
}

// MarshalJSON writes unknown members, too.
func (c Client) MarshalJSON() ([]byte, error) { return marshal(plainClient(c), c.Other) }

// UnmarshalJSON keeps unknown members.
func (e *ClientExtension) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainExtension)(e), &e.Other)
}

// MarshalJSON writes unknown members, too.
func (e ClientExtension) MarshalJSON() ([]byte, error) { return marshal(plainExtension(e), e.Other) }

// UnmarshalJSON keeps unknown members.
func (s *Scope) UnmarshalJSON(data []byte) error { return unmarshal(data, (*plainScope)(s), &s.Other) }

// MarshalJSON writes unknown members, too.
func (s Scope) MarshalJSON() ([]byte, error) { return marshal(plainScope(s), s.Other) }

// UnmarshalJSON keeps unknown members.
func (r *AuthorizationResponse) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainAuthorizationResponse)(r), &r.Other)
}

// MarshalJSON writes unknown members, too.
func (r AuthorizationResponse) MarshalJSON() ([]byte, error) {
	return marshal(plainAuthorizationResponse(r), r.Other)
}

// UnmarshalJSON keeps unknown members.
func (s *DynamicScope) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainDynamicScope)(s), &s.Other)
}

// MarshalJSON writes unknown members, too.
func (s DynamicScope) MarshalJSON() ([]byte, error) { return marshal(plainDynamicScope(s), s.Other) }

// UnmarshalJSON keeps unknown members.
func (d *AuthorizationDetails) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainDetails)(d), &d.Other)
}

// MarshalJSON writes unknown members, too.
func (d AuthorizationDetails) MarshalJSON() ([]byte, error) { return marshal(plainDetails(d), d.Other) }

// UnmarshalJSON keeps unknown members.
func (e *AuthorizationDetailsElement) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainDetailsElement)(e), &e.Other)
}

// MarshalJSON writes unknown members, too.
func (e AuthorizationDetailsElement) MarshalJSON() ([]byte, error) {
	return marshal(plainDetailsElement(e), e.Other)
}

// UnmarshalJSON keeps unknown members.
func (g *Grant) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainGrant)(g), &g.Other)
}

// MarshalJSON writes unknown members, too.
func (g Grant) MarshalJSON() ([]byte, error) { return marshal(plainGrant(g), g.Other) }

// UnmarshalJSON keeps unknown members.
func (s *GrantScope) UnmarshalJSON(data []byte) error {
	return unmarshal(data, (*plainGrantScope)(s), &s.Other)
}

// MarshalJSON writes unknown members, too.
func (s GrantScope) MarshalJSON() ([]byte, error) { return marshal(plainGrantScope(s), s.Other) }

// unmarshal decodes the known members into a pointer to a struct and puts the rest into other. A null is no member.
func unmarshal(data []byte, known any, other *Other) error {
	if err := json.Unmarshal(data, known); err != nil {
		return err
	}
	var members Other
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	names := memberNames(reflect.TypeOf(known).Elem())
	for name, value := range members {
		if names[strings.ToLower(name)] || string(value) == "null" {
			delete(members, name)
		}
	}
	*other = nil
	if len(members) > 0 {
		*other = members
	}
	return nil
}

// memberNames are the names of the JSON members of a struct, in lower case: encoding/json takes any case.
func memberNames(of reflect.Type) map[string]bool {
	names := make(map[string]bool, of.NumField())
	for _, field := range reflect.VisibleFields(of) { // those of embedded structures, too
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[strings.ToLower(name)] = true
	}
	return names
}

// marshal encodes the known members with the others behind them. Among the others, none may have a known name: readers
// would take it instead.
func marshal(known any, other Other) ([]byte, error) {
	data, err := json.Marshal(known)
	if err != nil || len(other) == 0 {
		return data, err
	}
	names, others := memberNames(reflect.TypeOf(known)), maps.Clone(other)
	maps.DeleteFunc(others, func(name string, _ json.RawMessage) bool { return names[strings.ToLower(name)] })
	if len(others) == 0 {
		return data, nil
	}
	rest, err := json.Marshal(map[string]json.RawMessage(others))
	if err != nil {
		return nil, fmt.Errorf("encoding unknown members: %w", err)
	}
	if len(data) == len("{}") {
		return rest, nil
	}
	data[len(data)-1] = ','
	return append(data, rest[1:]...), nil
}
