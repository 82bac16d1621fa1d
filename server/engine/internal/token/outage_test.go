package token_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
	"github.com/authserver-dev/operator/server/engine/internal/token"
)

var errDown = errors.New("database is down")

// downStore fails every write of tokens.
type downStore struct{ token.Store }

func (downStore) IssueTokens(context.Context, *store.Grant, store.Tokens) error { return errDown }

func (downStore) RedeemCode(context.Context, store.Hash, time.Time, store.Tokens) error {
	return errDown
}

func (downStore) RotateRefresh(context.Context, store.Rotation) error {
	return errDown
}

func (downStore) RememberID(context.Context, store.Hash, time.Time) (bool, error) {
	return false, errDown
}

// TestOutageIsAnError shows that a store that fails is reported as such and hands out nothing.
func TestOutageIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPassword)
	code := w.Code(fixture.Grant{Scopes: []string{"openid"}, Request: challenged()})
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	down := downStore{w.Store}
	tickets := ticket.New(ticket.Deps{Sealer: w.Sealer, Store: down, Clock: w.Clock.Now, Lifetime: time.Minute})
	endpoint := token.New(token.Deps{
		Clients: w.Clients, Registry: w.Registry, Store: down, Tickets: tickets, Minter: w.Minter, Subjects: w.Subjects, Clock: w.Clock.Now,
	})
	for name, parameters := range map[string]string{
		"Code":        exchangeForm(code).Encode(),
		"Refresh":     "grant_type=refresh_token&refresh_token=" + refresh.Value,
		"Credentials": "grant_type=client_credentials&scope=read",
	} {
		response, err := endpoint.Token(t.Context(), &authlete.TokenRequest{
			Parameters: parameters, ClientID: "app", ClientSecret: fixture.Secret,
		})
		if !errors.Is(err, errDown) || response != nil {
			t.Errorf("%s: %+v, %v; want the store's error", name, response, err)
		}
	}
	issued, err := endpoint.TokenIssue(t.Context(), &authlete.TokenIssueRequest{Ticket: w.askPassword(t), Subject: "alice"})
	if !errors.Is(err, errDown) || issued != nil {
		t.Errorf("Password: %+v, %v; want the store's error", issued, err)
	}
}
