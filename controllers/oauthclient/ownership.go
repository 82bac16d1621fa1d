package oauthclient

import (
	"context"
	"errors"
	"fmt"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
)

// mark is the ownership mark of a client at the backend.
func mark(c *authv1alpha1.OAuthClient) string {
	return c.Namespace + "/" + c.Name + "/" + string(c.UID)
}

// notManagedError means that the backend has a client that is not the object's to change.
type notManagedError struct{ message string }

// Error says whose it is, or what to do.
func (e *notManagedError) Error() string { return e.message }

// claim says whether the object may change a client of the backend. Its own it may; one without an owner if it is told to
// adopt it; one of another object never. An object of the same name that is there no more, in a backup that was restored
// for instance, is followed where nobody else could be meant: shared tells that the backend serves others, too.
func claim(have *authlete.Client, c *authv1alpha1.OAuthClient, shared bool) error {
	owner := have.Attribute(authlete.AttributeOwner)
	adopted := c.Spec.Adopt != nil && identifies(c.Spec.Adopt.Client, have)
	holder := owner
	if i := strings.LastIndexByte(owner, '/'); i >= 0 {
		holder = owner[:i]
	}
	predecessor := owner != "" && holder == c.Namespace+"/"+c.Name
	if owner == mark(c) || (adopted && (owner == "" || predecessor)) || (predecessor && !shared) {
		return nil
	}
	const adopt = "set spec.adopt.client to %q to take it over, or choose another clientID"
	id, number := c.EffectiveClientID(), number(have)
	switch {
	case owner == "":
		return &notManagedError{fmt.Sprintf("the backend has a client %q that no OAuthClient made: "+adopt, id, number)}
	case predecessor:
		return &notManagedError{fmt.Sprintf("the client %q belongs to an earlier OAuthClient of this name, or to one in another cluster: "+adopt, id, number)}
	default:
		return &notManagedError{fmt.Sprintf("the client %q belongs to OAuthClient %s: choose another clientID, or delete that one with deletionPolicy Retain first",
			id, holder)}
	}
}

// identifies says whether an identifier is that of a client: its number or its alias.
func identifies(identifier string, have *authlete.Client) bool {
	return identifier == number(have) || (have.ClientIDAlias != "" && identifier == have.ClientIDAlias)
}

// find returns the first client at the backend that one of the identifiers leads to; nil if there is none.
func find(ctx context.Context, backend authlete.Management, identifiers ...string) (*authlete.Client, error) {
	for _, identifier := range identifiers {
		have, err := backend.ClientGet(ctx, identifier)
		if refused, ok := errors.AsType[*authlete.Error](err); ok && refused.NotFound() {
			continue
		}
		return have, err
	}
	return nil, nil //nolint:nilnil // no client is a regular outcome
}

// owned returns the client at the backend that has the mark of the object; nil if there is none.
func owned(ctx context.Context, c *authv1alpha1.OAuthClient, backend authlete.Management) (*authlete.Client, error) {
	identifiers := []string{c.EffectiveClientID()}
	if c.Spec.Adopt != nil {
		identifiers = []string{c.Status.BackendClientID, c.Spec.Adopt.Client, c.Spec.ClientID}
	}
	for _, identifier := range identifiers {
		if identifier == "" {
			continue
		}
		have, err := find(ctx, backend, identifier)
		if err != nil || (have != nil && have.Attribute(authlete.AttributeOwner) == mark(c)) {
			return have, err
		}
	}
	return nil, nil //nolint:nilnil // no client is a regular outcome
}
