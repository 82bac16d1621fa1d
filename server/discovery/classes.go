package discovery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
)

// Members of a discovery document about the class of a login.
const (
	memberValues = "acr_values_supported"
	memberClaims = "claims_supported"
	claimACR     = "acr"
)

// adjusted is a document with what was made of it.
type adjusted struct{ from, to []byte }

// Classes makes the documents that read returns say of the class of a login what this server keeps: class is that of every
// login, or empty where logins have none. A document that says so already is served byte for byte.
func Classes(read func(context.Context) ([]byte, error), class string) func(context.Context) ([]byte, error) {
	var last atomic.Pointer[adjusted]
	return func(ctx context.Context) ([]byte, error) {
		document, err := read(ctx)
		if err != nil || len(document) == 0 {
			return document, err
		}
		if known := last.Load(); known != nil && &known.from[0] == &document[0] && len(known.from) == len(document) {
			return known.to, nil
		}
		changed, err := adjust(document, class)
		if err != nil {
			return nil, err
		}
		last.Store(&adjusted{from: document, to: changed})
		return changed, nil
	}
}

func adjust(document []byte, class string) ([]byte, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(document, &members) != nil {
		return document, nil //nolint:nilerr // what is no object says nothing of classes
	}
	var values, claims []string
	// Members of other types are replaced.
	_ = json.Unmarshal(members[memberValues], &values)
	_ = json.Unmarshal(members[memberClaims], &claims)
	var wanted []string
	if class != "" {
		wanted = []string{class}
	}
	_, published := members[memberValues]
	claimRight := claims == nil || slices.Contains(claims, claimACR) == (class != "")
	if slices.Equal(values, wanted) && published == (class != "") && claimRight {
		return document, nil
	}
	delete(members, memberValues)
	if class != "" {
		members[memberValues] = encoded(wanted)
	}
	if !claimRight {
		claims = slices.DeleteFunc(claims, func(name string) bool { return name == claimACR })
		if class != "" {
			claims = append(claims, claimACR)
		}
		members[memberClaims] = encoded(claims)
	}
	changed, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("encoding the discovery document: %w", err)
	}
	return changed, nil
}

// encoded returns strings as JSON.
func encoded(texts []string) json.RawMessage {
	text, err := json.Marshal(texts)
	if err != nil {
		return nil // cannot happen: strings are always encoded
	}
	return text
}
