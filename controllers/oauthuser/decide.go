package oauthuser

import (
	"fmt"
	"slices"
	"strings"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/index"
)

// conflict returns why an older user keeps this one from having its names; "" if none does.
func conflict(user *authv1alpha1.OAuthUser, others []authv1alpha1.OAuthUser) (reason, message string) {
	for i := range others {
		other := &others[i]
		if other.UID == user.UID || !index.Older(other, user) || !other.DeletionTimestamp.IsZero() {
			continue
		}
		if other.Spec.UsernameKey() == user.Spec.UsernameKey() {
			return authv1alpha1.ReasonUsernameConflict, fmt.Sprintf("OAuthUser %q in the namespace %q is older and has the username %q: choose another",
				other.Name, other.Namespace, user.Spec.Username)
		}
		if other.EffectiveSubject() == user.EffectiveSubject() {
			return authv1alpha1.ReasonSubjectConflict, fmt.Sprintf("OAuthUser %q in the namespace %q is older and has the subject %q: choose another",
				other.Name, other.Namespace, user.EffectiveSubject())
		}
	}
	return "", ""
}

// reserved describes reserved extra claims; "" if there are none.
func reserved(user *authv1alpha1.OAuthUser) string {
	names := user.Spec.ReservedExtraClaims()
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "spec.extraClaims has reserved names: " + strings.Join(names, ", ")
}
