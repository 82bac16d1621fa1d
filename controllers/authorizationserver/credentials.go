package authorizationserver

import (
	"bytes"
	"cmp"
	"context"
	"maps"

	"sigs.k8s.io/controller-runtime/pkg/client"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/apply"
	"github.com/authserver-dev/operator/controllers/internal/credentials"
	"github.com/authserver-dev/operator/controllers/internal/desired"
)

// ensure makes the content of a credential Secret from what it holds now.
type ensure func(have credentials.Existing) (map[string][]byte, error)

// ensureCredentials takes the credentials from their Secrets, or makes them.
func (r *Reconciler) ensureCredentials(ctx context.Context, s *scope) (bool, error) {
	maker := credentials.Maker{Rand: r.Rand, Clock: r.Clock}
	name, in := s.server.Name, &s.input
	rotateSession := s.server.Annotations[authv1alpha1.AnnotationRotateSessionKeys]
	rotateEngine := s.server.Annotations[authv1alpha1.AnnotationRotateEngineCredentials]
	host := desired.ManagementName(name) + "." + s.server.Namespace + ".svc"

	have, err := r.credential(ctx, s.server, desired.SessionSecretName(name), func(have credentials.Existing) (map[string][]byte, error) {
		return maker.Session(have, rotateSession)
	})
	if err != nil {
		return false, err
	}
	in.Session, in.SessionRotated = have.Data, answered(rotateSession, have)
	if s.server.Spec.Backend.Authlete != nil {
		have, err = existing(ctx, r.Client, s.server, desired.EngineSecretName(name))
		in.Engine = have.Data
		return err == nil, err
	}
	if have, err = r.credential(ctx, s.server, desired.EngineSecretName(name), maker.Engine); err != nil {
		return false, err
	}
	in.Engine = have.Data
	have, err = r.credential(ctx, s.server, desired.ManagementName(name), func(have credentials.Existing) (map[string][]byte, error) {
		return maker.Management(have, rotateEngine, []string{host, host + ".cluster.local"})
	})
	if err != nil {
		return false, err
	}
	in.Management, in.ManagementRotated = have.Data, answered(rotateEngine, have)
	return true, nil
}

// answered is the rotation request to record. It outlives the annotation: the same value given again asks for nothing new.
func answered(request string, have credentials.Existing) string {
	return cmp.Or(request, have.Rotated)
}

// credential returns what a credential Secret holds, or is to hold. Before anything new is made the API server itself is
// asked, since a cache may lag behind: keys made twice would end sessions, and lose what the first ones encrypted.
func (r *Reconciler) credential(ctx context.Context, server *authv1alpha1.AuthorizationServer, name string, content ensure) (credentials.Existing, error) {
	var have credentials.Existing
	for _, reader := range []client.Reader{r.Client, r.APIReader} {
		var err error
		if have, err = existing(ctx, reader, server, name); err != nil {
			return have, err
		}
		data, err := content(have)
		if err != nil {
			return have, err
		}
		kept := maps.EqualFunc(data, have.Data, bytes.Equal)
		have.Data = data
		if kept {
			break
		}
	}
	return have, nil
}

// existing reads a credential Secret of the server.
func existing(ctx context.Context, reader client.Reader, server *authv1alpha1.AuthorizationServer, name string) (credentials.Existing, error) {
	secret, err := apply.OwnSecret(ctx, reader, server, name)
	if err != nil {
		return credentials.Existing{}, err
	}
	return credentials.Existing{Data: secret.Data, Rotated: secret.Annotations[desired.AnnotationRotated]}, nil
}
