package details

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/authserver-dev/operator/internal/authlete"
)

// verifiedClaims is the member of the claims parameter with verified claims (OpenID Connect for Identity Assurance 1.0).
const verifiedClaims = "verified_claims"

// claims puts into words what the claims parameter says beyond names: verified claims, and the purpose of a claim. Names,
// whether a claim is essential, and the values that are wanted, are no details.
func claims(response *authlete.AuthorizationResponse) ([]Detail, error) {
	var verified, purposes []string
	for _, member := range []struct{ name, text string }{
		{"idTokenClaims", response.IDTokenClaims}, {"userInfoClaims", response.UserInfoClaims},
	} {
		if member.text == "" {
			continue
		}
		requested, err := object(member.name, member.text)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(requested)) {
			lines, err := claimLines(member.name, name, requested[name])
			if err != nil {
				return nil, err
			}
			if name == verifiedClaims {
				verified = append(verified, lines...)
			} else {
				purposes = append(purposes, lines...)
			}
		}
	}
	if len(verified) == 0 && slices.Contains(slices.Concat(response.Claims, response.ClaimsAtUserInfo), verifiedClaims) {
		verified = []string{"any"}
	}
	return append(titled("Verified information about you", unique(verified)), titled("About the information that is asked for", unique(purposes))...), nil
}

// claimLines are what the request says of a claim.
func claimLines(member, name string, request json.RawMessage) ([]string, error) {
	if name == verifiedClaims {
		if empty(request) {
			return []string{"any"}, nil
		}
		return flatten(member, string(request))
	}
	var about map[string]json.RawMessage
	if json.Unmarshal(request, &about) != nil {
		return nil, &UnshowableError{Member: member, Problem: "the request of a claim is no object"}
	}
	for _, plain := range []string{"essential", "value", "values"} {
		delete(about, plain)
	}
	lines, err := flattenOther(member, about)
	for i, line := range lines {
		lines[i] = printable(name) + ", " + line
	}
	return lines, err
}

// transformedClaims puts into words what is computed from information about the person.
func transformedClaims(response *authlete.AuthorizationResponse) ([]Detail, error) {
	lines, err := flatten("transformedClaims", response.TransformedClaims)
	if err != nil {
		return nil, err
	}
	if names := joined(response.RequestedClaimsForTx); names != "" {
		lines = append(lines, "computed from: "+names)
	}
	for _, names := range response.RequestedVerifiedClaimsForTx {
		if text := joined(names); text != "" {
			lines = append(lines, "computed from verified: "+text)
		}
	}
	return titled("What is computed from information about you", lines), nil
}

func unique(lines []string) []string {
	var once []string
	for _, line := range lines {
		if !slices.Contains(once, line) {
			once = append(once, line)
		}
	}
	return once
}
