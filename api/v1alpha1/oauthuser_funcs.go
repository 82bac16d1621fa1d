package v1alpha1

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DefaultPasswordKey is the key of the password in its Secret.
const DefaultPasswordKey = "password"

// GetConditions returns the conditions.
func (u *OAuthUser) GetConditions() []metav1.Condition { return u.Status.Conditions }

// SetConditions replaces the conditions.
func (u *OAuthUser) SetConditions(conditions []metav1.Condition) { u.Status.Conditions = conditions }

// SetObservedGeneration records the generation that the status describes.
func (u *OAuthUser) SetObservedGeneration(generation int64) { u.Status.ObservedGeneration = generation }

// EffectiveSubject returns the subject identifier: spec.subject, or else the UID
// of the object.
func (u *OAuthUser) EffectiveSubject() string { return nonZeroOr(u.Spec.Subject, string(u.UID)) }

// EffectiveActive returns whether the person may log in, true by default.
func (s *OAuthUserSpec) EffectiveActive() bool { return valueOr(s.Active, true) }

// UsernameKey returns the form of the username under which two usernames that
// differ in case are the same.
func (s *OAuthUserSpec) UsernameKey() string { return strings.ToLower(s.Username) }

// EffectiveFormat returns what the Secret holds, Plain by default.
func (p *Password) EffectiveFormat() PasswordFormat { return nonZeroOr(p.Format, PasswordPlain) }

// ReservedExtraClaims returns, sorted, the names in spec.extraClaims that are
// reserved. The schema refuses them; the check is repeated for objects that were
// stored under an older schema.
func (s *OAuthUserSpec) ReservedExtraClaims() []string {
	var found []string
	for _, claim := range s.ExtraClaims {
		if slices.Contains(ReservedClaims(), claim.Name) {
			found = append(found, claim.Name)
		}
	}
	slices.Sort(found)
	return found
}
