package oauthclient

import (
	"context"
	"slices"
	"strconv"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/settings"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/internal/authlete"
)

// registerOwn brings a client that the operator makes in line with the declaration, and its Secrets before that.
func (r *Reconciler) registerOwn(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn) error {
	c.Status.Differences = nil
	secret, ok, err := r.ensureSecret(ctx, c, t)
	if err != nil || !ok {
		return err
	}
	if err := r.begin(ctx, c, t); err != nil {
		return err
	}
	have, err := find(ctx, t.backend, c.EffectiveClientID())
	if err != nil {
		return err
	}
	declared, err := settings.OfClient(c)
	if err != nil {
		return err
	}
	if have == nil {
		fresh := settings.Merge(&authlete.Client{Developer: c.Namespace + "/" + c.Name}, declared)
		if have, err = t.backend.ClientCreate(ctx, marked(fresh, c)); err != nil {
			return err
		}
	}
	if err := claim(have, c, t.shared()); err != nil {
		return err
	}
	if err := enforce(ctx, c, t, have, declared); err != nil {
		return err
	}
	if err := imposeSecret(ctx, t, have, secret); err != nil {
		return err
	}
	registered(c, have)
	return nil
}

// enforce changes the client at the backend where it is not as declared or lacks the mark.
func enforce(ctx context.Context, c *authv1alpha1.OAuthClient, t *turn, have *authlete.Client, declared settings.Declared[authlete.Client]) error {
	if len(settings.Diff(have, declared)) == 0 && have.Attribute(authlete.AttributeOwner) == mark(c) {
		return nil
	}
	_, err := t.backend.ClientUpdate(ctx, number(have), marked(settings.Merge(have, declared), c))
	return err
}

// imposeSecret gives the client a secret, unless it has it.
func imposeSecret(ctx context.Context, t *turn, have *authlete.Client, secret string) error {
	if secret == "" || have.ClientSecret == secret {
		return nil
	}
	_, err := t.backend.ClientSecretUpdate(ctx, number(have), &authlete.ClientSecretUpdateRequest{ClientSecret: secret})
	return err
}

// registered records that the backend has the client as declared.
func registered(c *authv1alpha1.OAuthClient, have *authlete.Client) {
	c.Status.BackendClientID = number(have)
	status.Mark(c, authv1alpha1.ConditionRegistered, true, authv1alpha1.ReasonRegistered, "the backend has the client as declared")
}

// number is the decimal client ID at the backend.
func number(have *authlete.Client) string { return strconv.FormatInt(have.ClientID, 10) }

// marked returns the client with the mark of the object.
func marked(have *authlete.Client, c *authv1alpha1.OAuthClient) *authlete.Client {
	want := *have
	want.Attributes = append(without(have.Attributes, authlete.AttributeOwner), authlete.Pair{Key: authlete.AttributeOwner, Value: mark(c)})
	return &want
}

// without returns the attributes but for those of the key.
func without(have []authlete.Pair, key string) []authlete.Pair {
	return slices.DeleteFunc(slices.Clone(have), func(pair authlete.Pair) bool { return pair.Key == key })
}

// names returns the fields that differ.
func names(differences []authv1alpha1.SettingDifference) []string {
	fields := make([]string, len(differences))
	for i := range differences {
		fields[i] = differences[i].Field
	}
	return fields
}
