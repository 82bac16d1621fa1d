package clientimport

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/admission"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/manifest"
)

// pageSize is how many clients are read by one call.
const pageSize = 100

// Lister lists the clients of a service.
type Lister interface {
	ClientList(ctx context.Context, start, end int) (*authlete.ClientListResponse, error)
}

// Options say where the objects are to go.
type Options struct {
	// Server is the AuthorizationServer in front of the service. Required.
	Server string
	// Namespace is that of the objects; empty leaves it to kubectl.
	Namespace string
}

// Client is one client of the service, converted.
type Client struct {
	// Number is the client ID at the service.
	Number string
	// Object is nil for a client that is not to be imported.
	Object *authv1alpha1.OAuthClient
	// Notes say what of the client the object does not name, for a person.
	Notes []string
}

// All returns the clients of a service in its order.
func All(ctx context.Context, service Lister, opts Options) ([]Client, error) {
	validator, err := admission.New("oauthclients")
	if err != nil {
		return nil, err
	}
	c := converter{opts: opts, fitter: manifest.Fitter{Validator: validator, WholeLists: true, Keep: []string{"spec.adopt", "spec.adopt.client"}}}
	var all []Client
	for start := 0; ; start += pageSize {
		page, err := service.ClientList(ctx, start, start+pageSize)
		if err != nil {
			return nil, fmt.Errorf("listing clients from number %d: %w", start, err)
		}
		for i := range page.Clients {
			client, err := c.convert(ctx, &page.Clients[i])
			if err != nil {
				return nil, err
			}
			all = append(all, client)
		}
		if len(page.Clients) == 0 || start+pageSize >= page.TotalCount {
			return all, nil
		}
	}
}

// converter converts the clients of a service.
type converter struct {
	opts   Options
	fitter manifest.Fitter
	names  manifest.Names
}

func (c *converter) convert(ctx context.Context, have *authlete.Client) (Client, error) {
	out := Client{Number: strconv.FormatInt(have.ClientID, 10)}
	if owner := have.Attribute(authlete.AttributeOwner); owner != "" {
		out.note("the client belongs to the OAuthClient %s already and is not imported", owner)
		return out, nil
	}
	out.Object = &authv1alpha1.OAuthClient{
		TypeMeta: metav1.TypeMeta{APIVersion: authv1alpha1.GroupVersion.String(), Kind: authv1alpha1.KindOAuthClient},
		ObjectMeta: metav1.ObjectMeta{
			Name: c.names.Take(out.Number, have.ClientIDAlias, have.ClientName, "client-"+out.Number), Namespace: c.opts.Namespace,
		},
		Spec: authv1alpha1.OAuthClientSpec{
			ServerRef: authv1alpha1.ServerReference{Name: c.opts.Server}, Adopt: &authv1alpha1.ClientAdoption{Client: out.Number},
			Management: authv1alpha1.ClientObserve, DeletionPolicy: authv1alpha1.ClientRetain,
		},
	}
	unnamed := name(have, &out.Object.Spec)
	if err := c.fit(ctx, &out); err != nil {
		return out, err
	}
	if len(unnamed) > 0 {
		out.note("not named here, and left as they are: %s", strings.Join(unnamed, ", "))
	}
	return out, nil
}

// fit leaves out what an OAuthClient cannot express. A client that is adopted keeps it.
func (c *converter) fit(ctx context.Context, out *Client) error {
	object, err := admission.Object(out.Object)
	if err != nil {
		return err
	}
	removals, refused := c.fitter.Fit(ctx, object)
	for _, removal := range removals {
		out.note("%s; it is left as it is", removal)
	}
	if refused != nil {
		out.Object = nil
		out.note("the client is not written, because the API server would refuse it: %v", refused)
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encoding the client %s: %w", out.Number, err)
	}
	*out.Object = authv1alpha1.OAuthClient{}
	if err := json.Unmarshal(text, out.Object); err != nil {
		return fmt.Errorf("decoding the client %s: %w", out.Number, err)
	}
	return nil
}

func (c *Client) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}
