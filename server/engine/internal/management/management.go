package management

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// secretBytes is the entropy of a generated client secret.
const secretBytes = 32

// Store is what the calls need of the store.
type Store interface {
	store.Clients
	RevokeGrants(ctx context.Context, clientID int64, subject string, now time.Time) (int64, error)
}

// Deps are what a Manager needs. All are required.
type Deps struct {
	Store    Store
	Registry *registry.Registry
	Clock    func() time.Time
	Rand     io.Reader
}

// maxEdits is how often a change is tried that others overtake. Of any number of callers one succeeds each time.
const maxEdits = 50

// Manager answers the management calls of the API.
type Manager struct{ deps Deps }

// New returns a Manager.
func New(deps Deps) *Manager { return &Manager{deps: deps} }

// ServiceGet implements authlete.ServiceManagementAPI.
func (m *Manager) ServiceGet(ctx context.Context) (*authlete.Service, error) {
	if err := m.deps.Registry.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading the service settings: %w", err)
	}
	service := *m.deps.Registry.Service()
	return &service, nil
}

// ServiceUpdate implements authlete.ServiceManagementAPI.
func (m *Manager) ServiceUpdate(ctx context.Context, service *authlete.Service) (*authlete.Service, error) {
	return m.EditService(ctx, func(*authlete.Service) (*authlete.Service, error) { return service, nil })
}

// EditService puts what edit makes of the settings in force in their place. If they are changed at the same time, by
// another replica too, edit gets those that are in force then: no change is lost.
func (m *Manager) EditService(ctx context.Context, edit func(*authlete.Service) (*authlete.Service, error)) (*authlete.Service, error) {
	const call = "service/update"
	for range maxEdits {
		stored, version, err := m.deps.Registry.Current(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the service settings: %w", err)
		}
		current := *stored
		service, err := edit(&current)
		if err != nil {
			return nil, err
		}
		if err := checkSettings(call, service, stored); err != nil {
			return nil, err
		}
		err = m.deps.Registry.Update(ctx, service, version)
		if err == nil {
			return m.ServiceGet(ctx)
		}
		if !errors.Is(err, store.ErrConflict) {
			return nil, fmt.Errorf("changing the service settings: %w", err)
		}
	}
	return nil, conflict(call, "E006203", "the settings were changed at the same time; read them again")
}

// checkSettings refuses settings that cannot be in force.
func checkSettings(call string, service, stored *authlete.Service) error {
	if service.Issuer == "" {
		return refuse(call, "E006201", "issuer is required")
	}
	if service.AccessTokenDuration <= 0 || service.AuthorizationCodeDuration <= 0 || service.IDTokenDuration <= 0 {
		return refuse(call, "E006202", "accessTokenDuration, idTokenDuration and authorizationCodeDuration must be positive")
	}
	return CheckService(service, stored)
}

// ClientCreate implements authlete.ClientManagementAPI.
func (m *Manager) ClientCreate(ctx context.Context, client *authlete.Client) (*authlete.Client, error) {
	const call = "client/create"
	created := completed(*client)
	if err := check(call, &created); err != nil {
		return nil, err
	}
	if err := checkUnsupported(call, &created, nil); err != nil {
		return nil, err
	}
	var err error
	if created.ClientID, err = m.newID(); err != nil {
		return nil, err
	}
	if created.ClientSecret, err = m.newSecret(); err != nil {
		return nil, err
	}
	created.CreatedAt = m.deps.Clock().UnixMilli()
	created.ModifiedAt = created.CreatedAt
	record, err := m.deps.Registry.Encode(&created, 0)
	if err != nil {
		return nil, err
	}
	err = m.deps.Store.CreateClient(ctx, record)
	if errors.Is(err, store.ErrConflict) {
		return nil, conflict(call, "E201317", fmt.Sprintf("clientIdAlias %q is taken", created.ClientIDAlias))
	}
	if err != nil {
		return nil, err
	}
	m.forget(&created) // somebody may have asked for it before it was there
	return &created, nil
}

// ClientGet implements authlete.ClientManagementAPI.
func (m *Manager) ClientGet(ctx context.Context, identifier string) (*authlete.Client, error) {
	client, err := m.read(ctx, "client/get", identifier)
	if err != nil {
		return nil, err
	}
	return &client.Client, nil
}

// ClientList implements authlete.ClientManagementAPI.
func (m *Manager) ClientList(ctx context.Context, start, end int) (*authlete.ClientListResponse, error) {
	if start < 0 || end < start || end-start > 1000 {
		return nil, refuse("client/get/list", "E202301", "start and end must span 0 to 1000 clients")
	}
	records, total, err := m.deps.Store.ListClients(ctx, start, end)
	if err != nil {
		return nil, err
	}
	list := &authlete.ClientListResponse{Start: start, End: end, TotalCount: total}
	for _, record := range records {
		client, err := m.deps.Registry.Decode(record)
		if err != nil {
			return nil, err
		}
		list.Clients = append(list.Clients, client.Client)
	}
	return list, nil
}

// ClientUpdate implements authlete.ClientManagementAPI.
func (m *Manager) ClientUpdate(ctx context.Context, identifier string, client *authlete.Client) (*authlete.Client, error) {
	return m.EditClient(ctx, identifier, func(*authlete.Client) (*authlete.Client, error) { return client, nil })
}

// EditClient puts what edit makes of a client in its place; see EditService. The secret stays.
func (m *Manager) EditClient(
	ctx context.Context, identifier string, edit func(*authlete.Client) (*authlete.Client, error),
) (*authlete.Client, error) {
	const call = "client/update"
	return m.change(ctx, call, identifier, func(have *authlete.Client) error {
		current := *have
		client, err := edit(&current)
		if err != nil {
			return err
		}
		updated := completed(*client)
		if err := check(call, &updated); err != nil {
			return err
		}
		if err := checkUnsupported(call, &updated, have); err != nil {
			return err
		}
		updated.ClientID, updated.ClientSecret, updated.CreatedAt = have.ClientID, have.ClientSecret, have.CreatedAt
		*have = updated
		return nil
	})
}

// ClientDelete implements authlete.ClientManagementAPI.
func (m *Manager) ClientDelete(ctx context.Context, identifier string) error {
	client, err := m.read(ctx, "client/delete", identifier)
	if err != nil {
		return err
	}
	defer m.forget(&client.Client)
	err = m.deps.Store.DeleteClient(ctx, client.ClientID)
	if errors.Is(err, store.ErrNotFound) {
		return notFound("client/delete", identifier)
	}
	return err
}

// ClientSecretRefresh implements authlete.ClientManagementAPI.
func (m *Manager) ClientSecretRefresh(ctx context.Context, identifier string) (*authlete.ClientSecretResponse, error) {
	secret, err := m.newSecret()
	if err != nil {
		return nil, err
	}
	return m.imposeSecret(ctx, "client/secret/refresh", identifier, secret)
}

// ClientSecretUpdate implements authlete.ClientManagementAPI.
func (m *Manager) ClientSecretUpdate(
	ctx context.Context, identifier string, req *authlete.ClientSecretUpdateRequest,
) (*authlete.ClientSecretResponse, error) {
	const call = "client/secret/update"
	if err := checkSecret(call, req.ClientSecret); err != nil {
		return nil, err
	}
	return m.imposeSecret(ctx, call, identifier, req.ClientSecret)
}

func (m *Manager) imposeSecret(ctx context.Context, call, identifier, secret string) (*authlete.ClientSecretResponse, error) {
	response := &authlete.ClientSecretResponse{Result: oauth.Success("E149001", "The client secret was replaced."), NewClientSecret: secret}
	_, err := m.change(ctx, call, identifier, func(have *authlete.Client) error {
		response.OldClientSecret, have.ClientSecret = have.ClientSecret, secret
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// TokenRevoke implements authlete.TokenManagementAPI.
func (m *Manager) TokenRevoke(ctx context.Context, req *authlete.TokenRevokeRequest) (*authlete.TokenRevokeResponse, error) {
	const call = "auth/token/revoke"
	if req.Subject == "" && req.ClientIdentifier == "" {
		return nil, refuse(call, "E312301", "subject or clientIdentifier is required")
	}
	var clientID int64
	if req.ClientIdentifier != "" {
		client, err := m.read(ctx, call, req.ClientIdentifier)
		if err != nil {
			return nil, err
		}
		clientID = client.ClientID
	}
	count, err := m.deps.Store.RevokeGrants(ctx, clientID, req.Subject, m.deps.Clock())
	if err != nil {
		return nil, err
	}
	return &authlete.TokenRevokeResponse{Result: oauth.Success("E312001", "The tokens were revoked."), Count: count}, nil
}

// read returns a client as the store has it now.
func (m *Manager) read(ctx context.Context, call, identifier string) (*registry.Client, error) {
	record, err := m.deps.Registry.Record(ctx, identifier)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(call, identifier)
	}
	if err != nil {
		return nil, err
	}
	return m.deps.Registry.Decode(record)
}

// change applies edit to a client as it is now, and again if it is changed at the same time.
func (m *Manager) change(ctx context.Context, call, identifier string, edit func(*authlete.Client) error) (*authlete.Client, error) {
	var tried int64
	for range maxEdits {
		current, err := m.read(ctx, call, identifier)
		if err != nil {
			return nil, err
		}
		if current.Version == tried { // the client is as it was: it is the alias
			return nil, conflict(call, "E201318", "the new clientIdAlias is taken")
		}
		tried = current.Version
		before, changed := current.Client, current.Client
		if err := edit(&changed); err != nil {
			return nil, err
		}
		changed.ModifiedAt = m.deps.Clock().UnixMilli()
		record, err := m.deps.Registry.Encode(&changed, current.Version)
		if err != nil {
			return nil, err
		}
		err = m.deps.Store.UpdateClient(ctx, record)
		if err == nil {
			m.forget(&before)
			m.forget(&changed)
			return &changed, nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return nil, err
		}
	}
	return nil, conflict(call, "E201318", "the client was changed at the same time; read it again")
}

// forget drops a client from the cache under both of its names.
func (m *Manager) forget(client *authlete.Client) {
	m.deps.Registry.Forget(client.ClientIDAlias, strconv.FormatInt(client.ClientID, 10))
}

// newID returns a random positive id below 2^53, so that it survives JSON numbers.
func (m *Manager) newID() (int64, error) {
	var buf [8]byte
	if _, err := io.ReadFull(m.deps.Rand, buf[:]); err != nil {
		return 0, fmt.Errorf("reading randomness: %w", err)
	}
	return int64(binary.BigEndian.Uint64(buf[:])>>11) | 1, nil
}

func (m *Manager) newSecret() (string, error) {
	buf := make([]byte, secretBytes)
	if _, err := io.ReadFull(m.deps.Rand, buf); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(buf), nil
}

func notFound(call, identifier string) *authlete.Error {
	message := fmt.Sprintf("[E201404] there is no client %q", identifier)
	return &authlete.Error{Call: call, Status: statusNotFound, Result: authlete.Result{ResultCode: "E201404", ResultMessage: message}}
}

func conflict(call, code, message string) *authlete.Error {
	return &authlete.Error{Call: call, Status: statusConflict, Result: authlete.Result{ResultCode: code, ResultMessage: "[" + code + "] " + message}}
}
