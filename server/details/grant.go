package details

import (
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// grantManagement says what happens to what the person allowed before (Grant Management for OAuth 2.0).
func grantManagement(response *authlete.AuthorizationResponse) ([]Detail, error) {
	title := ""
	switch response.GMAction {
	case "":
		if response.GrantID == "" && response.Grant == nil && response.GrantSubject == "" {
			return nil, nil
		}
		title = "The request refers to what you allowed before"
	case authlete.GrantManagementCreate:
		title = "What you allow now is kept apart from what you allowed before"
	case authlete.GrantManagementReplace:
		title = "What you allow now replaces what you allowed before"
	case authlete.GrantManagementMerge:
		title = "What you allow now is added to what you allowed before"
	default: // QUERY and REVOKE are no authorization requests
		return nil, &UnshowableError{Member: "gmAction", Problem: "the action is not known here"}
	}
	lines, err := grantLines(response.Grant)
	if err != nil {
		return nil, err
	}
	if response.GrantID != "" {
		lines = append([]string{"grant: " + printable(response.GrantID)}, lines...)
	}
	return []Detail{{Title: title, Lines: lines}}, nil
}

// grantLines are what a grant holds.
func grantLines(grant *authlete.Grant) ([]string, error) {
	if grant == nil {
		return nil, nil
	}
	var lines []string
	for _, scope := range grant.Scopes {
		line := "allowed before: " + printable(scope.Scope)
		if where := joined(scope.Resource); where != "" {
			line += " (" + where + ")"
		}
		more, err := flattenOther("grant", scope.Other)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, line), more...)
	}
	if names := joined(grant.Claims); names != "" {
		lines = append(lines, "allowed before, about you: "+names)
	}
	before, err := elements("grant", "allowed before: access of the kind %s", grant.AuthorizationDetails)
	if err != nil {
		return nil, err
	}
	for _, detail := range before {
		lines = append(lines, strings.Join(append([]string{detail.Title}, detail.Lines...), "; "))
	}
	more, err := flattenOther("grant", grant.Other)
	return append(lines, more...), err
}
