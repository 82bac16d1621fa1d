package oauthclient

import (
	"fmt"
	"strconv"
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
	adopted := c.Spec.Adopt != nil && names(c.Spec.Adopt.Client, have)
	holder := owner
	if i := strings.LastIndexByte(owner, '/'); i >= 0 {
		holder = owner[:i]
	}
	predecessor := owner != "" && holder == c.Namespace+"/"+c.Name
	if owner == mark(c) || (adopted && (owner == "" || predecessor)) || (predecessor && !shared) {
		return nil
	}
	const adopt = "set spec.adopt.client to %q to take it over, or choose another clientID"
	id, number := c.EffectiveClientID(), strconv.FormatInt(have.ClientID, 10)
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

// names says whether an identifier is that of a client: its number or its alias.
func names(identifier string, have *authlete.Client) bool {
	return identifier == strconv.FormatInt(have.ClientID, 10) || (have.ClientIDAlias != "" && identifier == have.ClientIDAlias)
}
