package oauthclient

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

// fieldClientSecret is the member of a client that holds its secret, in the list of differences.
const fieldClientSecret = "clientSecret"

// missingError means that the backend does not have the client that is to be adopted, or that was.
type missingError struct{ reason, message string }

// Error says what to do.
func (e *missingError) Error() string { return e.message }

// adoption is an object with the client at the backend that it adopts.
type adoption struct {
	object   *authv1alpha1.OAuthClient
	have     *authlete.Client
	declared settings.Declared[authlete.Client]
	// written is what the Secret for the application holds.
	written generated
	// own is the client secret of spec.secret.secretRef.
	own string
}

// adopt observes the client that spec.adopt names, or brings it in line with what the object names. What the object does
// not name stays as it is, the client secret included. The client is never made: another one, under another number, would
// not have what the object does not name.
func (r *Reconciler) adopt(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) error {
	a, err := r.adoption(ctx, c, t)
	if err != nil {
		return err
	}
	differences := a.differences()
	if c.Spec.EffectiveManagement() == authv1alpha1.ClientObserve {
		c.Status.ClientID = clientIDOf(a.have)
		if ok, err := r.writeOutput(ctx, c, t.server, a.working()); err != nil || !ok {
			return err
		}
		a.observed(differences)
		return nil
	}
	c.Status.ClientID = clientIDOf(settings.Merge(a.have, a.declared))
	c.Status.Differences = nil
	// The Secret for the application is written before anything is changed, so that nothing is where it cannot be.
	if ok, err := r.writeOutput(ctx, c, t.server, a.working()); err != nil || !ok {
		return err
	}
	first := a.have.Attribute(authlete.AttributeOwner) != mark(c)
	if err := enforce(ctx, c, t, a.have, a.declared); err != nil {
		return err
	}
	if err := r.changeSecret(ctx, t, a); err != nil {
		return err
	}
	registered(c, a.have)
	r.tell(c, first, names(differences))
	return nil
}

// adoption finds the client at the backend and what the object declares of it.
func (r *Reconciler) adoption(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) (*adoption, error) {
	if err := r.begin(ctx, c, t); err != nil {
		return nil, err
	}
	have, err := locate(ctx, c, t.backend)
	if err != nil {
		return nil, err
	}
	if err := claim(have, c, t.shared()); err != nil {
		return nil, err
	}
	c.Status.BackendClientID = number(have)
	a := &adoption{object: c, have: have}
	if a.declared, err = settings.OfClient(c); err != nil {
		return nil, err
	}
	if !a.hasSecret() {
		return a, nil
	}
	if a.written, err = r.written(ctx, c); err != nil {
		return nil, err
	}
	if c.Spec.Secret.SecretRef != nil {
		a.written.rotate = false
		a.own, err = r.ownSecret(ctx, c)
	}
	return a, err
}

// locate returns the client that the object adopts. One that it has taken over, by an alias that may have changed since,
// is recognized by its number and the mark.
func locate(ctx context.Context, c *authv1alpha1.OAuthClient, backend authlete.Management) (*authlete.Client, error) {
	named, before := c.Spec.Adopt.Client, c.Status.BackendClientID
	if before != "" && before != named {
		held, err := find(ctx, backend, before)
		if err != nil {
			return nil, err
		}
		taken := held != nil && held.Attribute(authlete.AttributeOwner) == mark(c)
		if taken && isNumber(named) {
			return nil, &missingError{authv1alpha1.ReasonNotManaged, fmt.Sprintf("this object has taken over the client %s: "+
				"delete the object, which leaves that client in place unless spec.deletionPolicy is Delete, and create another to adopt the client %s", before, named)}
		}
		if taken {
			return held, nil
		}
	}
	have, err := find(ctx, backend, named, cmp.Or(c.Spec.ClientID, named))
	if err != nil {
		return nil, err
	}
	return have, present(c, have)
}

// present says what is wrong where the client is not there, not there any more, or another one.
func present(c *authv1alpha1.OAuthClient, have *authlete.Client) error {
	named, before := c.Spec.Adopt.Client, c.Status.BackendClientID
	const instead = "delete this object, and create one without spec.adopt to have a client made"
	switch {
	case have == nil && (before == "" || (isNumber(named) && before != named)):
		return &missingError{authv1alpha1.ReasonNothingToAdopt, fmt.Sprintf(
			"the backend has no client %q: correct spec.adopt.client, or %s", named, instead)}
	case have == nil:
		return &missingError{authv1alpha1.ReasonAdoptedClientLost, fmt.Sprintf(
			"the client %s, which was adopted, is not at the backend any more. It is not made anew, because this object does not have all of it: "+
				"restore it at the backend, or %s", before, instead)}
	case before == "" || before == number(have) || isNumber(named) || c.Spec.EffectiveManagement() == authv1alpha1.ClientObserve:
		return nil
	default:
		return &missingError{authv1alpha1.ReasonAdoptedClientLost, fmt.Sprintf(
			"the client %s, which was adopted, is not at the backend any more, and %q is another one now: set spec.adopt.client to %q to adopt that one",
			before, named, number(have))}
	}
}

// isNumber says whether an identifier is the decimal client ID of the backend; aliases are never digits only.
func isNumber(identifier string) bool {
	return !strings.ContainsFunc(identifier, func(r rune) bool { return r < '0' || r > '9' })
}

// clientIDOf returns what applications use as client_id: the alias where there is one.
func clientIDOf(have *authlete.Client) string {
	if have.ClientIDAliasEnabled && have.ClientIDAlias != "" {
		return have.ClientIDAlias
	}
	return number(have)
}

// hasSecret says whether the client authenticates with a secret, by what the object names, or else by what it is.
func (a *adoption) hasSecret() bool {
	if a.object.Spec.TokenEndpointAuthMethod != "" || a.object.Spec.Secret.SecretRef != nil {
		return a.object.Spec.HasSecret()
	}
	if a.have.ClientType == authlete.ClientPublic {
		return false
	}
	switch a.have.TokenAuthMethod {
	case "", authlete.AuthClientSecretBasic, authlete.AuthClientSecretPost, "CLIENT_SECRET_JWT":
		return true
	default:
		return false
	}
}

// working is the secret that the backend accepts now, as it is written for the application.
func (a *adoption) working() generated {
	if !a.hasSecret() {
		return generated{}
	}
	return generated{secret: cmp.Or(a.have.ClientSecret, a.written.secret), rotated: a.written.rotated}
}

// differences returns the members that are not as declared, sorted by field. A client secret is never shown.
func (a *adoption) differences() []authv1alpha1.SettingDifference {
	all := settings.Diff(a.have, a.declared)
	if a.written.rotate || (a.own != "" && a.own != a.have.ClientSecret) {
		const hidden = "(not shown)"
		all = append(all, authv1alpha1.SettingDifference{Field: fieldClientSecret, Declared: hidden, Actual: hidden})
	}
	slices.SortFunc(all, func(a, b authv1alpha1.SettingDifference) int { return cmp.Compare(a.Field, b.Field) })
	return all
}

// observed records what an observed client differs in.
func (a *adoption) observed(differences []authv1alpha1.SettingDifference) {
	a.object.Status.Differences = differences
	if len(differences) == 0 {
		registered(a.object, a.have)
		return
	}
	status.Stall(a.object, authv1alpha1.ConditionRegistered, authv1alpha1.ReasonClientDiffers, fmt.Sprintf(
		"the client %s is not as declared: %s (status.differences). Nothing is changed while spec.management is Observe: "+
			"set it to Enforce, or declare what is there", number(a.have), strings.Join(names(differences), ", ")))
}

// changeSecret gives the client the secret of spec.secret.secretRef, or a new one where a rotation was asked for. The
// backend comes first: what is written for the application follows it, so that a rotation that was interrupted is made
// again, and no secret is written that does not work.
func (r *Reconciler) changeSecret(ctx context.Context, t *turn, a *adoption) error {
	next := generated{secret: a.own, rotated: a.written.rotated}
	if next.secret == "" && a.written.rotate {
		var err error
		if next.secret, err = r.newSecret(); err != nil {
			return err
		}
		next.rotated = a.object.Annotations[authv1alpha1.AnnotationRotateClientSecret]
	}
	if next.secret == "" || next.secret == a.have.ClientSecret {
		return nil
	}
	if err := imposeSecret(ctx, t, a.have, next.secret); err != nil {
		return err
	}
	_, err := r.writeOutput(ctx, a.object, t.server, next)
	return err
}

// tell makes an event when a client was taken over, and when members of it were changed.
func (r *Reconciler) tell(c *authv1alpha1.OAuthClient, first bool, changed []string) {
	what := "nothing was changed but the mark that says whose it is"
	if len(changed) > 0 {
		what = "changed to what is declared: " + strings.Join(changed, ", ")
	}
	switch {
	case first:
		r.Recorder.Eventf(c, nil, corev1.EventTypeNormal, authv1alpha1.ReasonAdopted, "Adopt", "took over the client %s; %s", c.Status.BackendClientID, what)
	case len(changed) > 0:
		r.Recorder.Eventf(c, nil, corev1.EventTypeNormal, authv1alpha1.ReasonClientRepaired, "Repair", "%s", what)
	}
}
