package details

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Detail is something that a request asks for, in words.
type Detail struct {
	// Title says what it is.
	Title string `json:"title"`
	// Lines say the rest.
	Lines []string `json:"lines,omitempty"`
}

// UnshowableError says that a part of a request cannot be put into words.
type UnshowableError struct {
	// Member is the member of the backend's answer.
	Member string
	// Problem says why not. It quotes nothing.
	Problem string
}

// Error implements error.
func (e *UnshowableError) Error() string { return e.Member + " cannot be shown: " + e.Problem }

// Bounds of what a person can be expected to read, and of what the form of a page carries.
const (
	maxLines = 100
	maxBytes = 8 << 10
)

// part puts some members of an answer into words.
type part func(response *authlete.AuthorizationResponse) ([]Detail, error)

// Of returns what a request asks for beyond scopes and claims; an *UnshowableError if some of it cannot be put into words.
func Of(response *authlete.AuthorizationResponse) ([]Detail, error) {
	var all []Detail
	for _, words := range []part{
		unsupported, purpose, dynamicScopes, authorizationDetails, resources, grantManagement, claims, transformedClaims, credentials, others,
	} {
		found, err := words(response)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	lines, bytes := 0, 0
	for _, detail := range all {
		lines += 1 + len(detail.Lines)
		bytes += len(detail.Title) + len(strings.Join(detail.Lines, ""))
	}
	if lines > maxLines || bytes > maxBytes {
		return nil, &UnshowableError{Member: "the request", Problem: "it asks for more than a person can read"}
	}
	return all, nil
}

// unsupported refuses what would need calls that the server does not make, whatever a person says.
func unsupported(response *authlete.AuthorizationResponse) ([]Detail, error) {
	switch {
	case response.NativeSSORequested:
		return nil, &UnshowableError{Member: "nativeSsoRequested", Problem: "Native SSO is not supported"}
	case !empty(response.CredentialOfferInfo):
		return nil, &UnshowableError{Member: "credentialOfferInfo", Problem: "credential offers are not supported"}
	default:
		return nil, nil
	}
}

func purpose(response *authlete.AuthorizationResponse) ([]Detail, error) {
	return list("Why the application asks", []string{response.Purpose})
}

func dynamicScopes(response *authlete.AuthorizationResponse) ([]Detail, error) {
	var lines []string
	for _, scope := range response.DynamicScopes {
		line := cmp.Or(scope.Value, scope.Name)
		if !strings.HasPrefix(line, scope.Name) {
			line = scope.Name + ": " + line
		}
		lines = append(lines, line)
		more, err := flattenOther("dynamicScopes", scope.Other)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return list("Permissions for this occasion", lines)
}

func resources(response *authlete.AuthorizationResponse) ([]Detail, error) {
	return list("The access is for these services", response.Resources)
}

func authorizationDetails(response *authlete.AuthorizationResponse) ([]Detail, error) {
	return elements("authorizationDetails", "The application asks for access of the kind %s", response.AuthorizationDetails)
}

// elements puts authorization details into words, one Detail each.
func elements(name, title string, all *authlete.AuthorizationDetails) ([]Detail, error) {
	if all == nil {
		return nil, nil
	}
	var found []Detail
	for i := range all.Elements {
		element := &all.Elements[i]
		if strings.TrimSpace(element.Type) == "" {
			return nil, &UnshowableError{Member: name, Problem: "an element has no type"}
		}
		lines, err := elementLines(name, element)
		if err != nil {
			return nil, err
		}
		found = append(found, Detail{Title: fmt.Sprintf(title, printable(element.Type)), Lines: lines})
	}
	more, err := flattenOther(name, all.Other)
	if err != nil {
		return nil, err
	}
	return append(found, titled("More about what the application asks for", more)...), nil
}

func elementLines(name string, element *authlete.AuthorizationDetailsElement) ([]string, error) {
	var lines []string
	for _, member := range []struct {
		label  string
		values []string
	}{
		{"actions", element.Actions},
		{"locations", element.Locations},
		{"data", element.DataTypes},
		{"privileges", element.Privileges},
		{"identifier", []string{element.Identifier}},
	} {
		if text := joined(member.values); text != "" {
			lines = append(lines, member.label+": "+text)
		}
	}
	fields, err := flatten(name, element.OtherFields)
	if err != nil {
		return nil, err
	}
	more, err := flattenOther(name, element.Other)
	return slices.Concat(lines, fields, more), err
}

func credentials(response *authlete.AuthorizationResponse) ([]Detail, error) {
	lines, err := flatten("issuableCredentials", response.IssuableCredentials)
	return titled("Credentials that the application can collect", lines), err
}

// others are members that a later version of the API has: nobody knows whether they matter, so that a person decides.
func others(response *authlete.AuthorizationResponse) ([]Detail, error) {
	others := maps.Clone(response.Other)
	maps.DeleteFunc(others, func(name string, value json.RawMessage) bool { return name == "type" || empty(value) })
	lines, err := flattenOther("a member that this version does not know", others)
	return titled("More that the request says", lines), err
}

// list is a Detail with lines as they are, none if there are no lines with text.
func list(title string, lines []string) ([]Detail, error) {
	var shown []string
	for _, line := range lines {
		if line != "" {
			shown = append(shown, printable(line))
		}
	}
	return titled(title, shown), nil
}

func titled(title string, lines []string) []Detail {
	if len(lines) == 0 {
		return nil
	}
	return []Detail{{Title: title, Lines: lines}}
}
