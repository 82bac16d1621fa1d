package enginetest

import (
	"sync"
	"sync/atomic"

	"github.com/authserver-dev/operator/internal/authlete"
)

// redeemers is how many redeem one thing at once.
const redeemers = 8

// once runs redeem at once from all sides and checks that exactly one succeeds.
func (d *driver) once(redeem func() bool) {
	d.Helper()
	var successes atomic.Int64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for range redeemers {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			if redeem() {
				successes.Add(1)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	if got := successes.Load(); got != 1 {
		d.Errorf("%d of %d succeeded, want 1", got, redeemers)
	}
}

// tokenOnce makes one token request from all sides and returns the tokens of the one that succeeded.
func (d *driver) tokenOnce(client *authlete.Client, in form) *authlete.TokenResponse {
	d.Helper()
	var winner atomic.Pointer[authlete.TokenResponse]
	req := authlete.TokenRequest{Parameters: in.encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret}
	d.once(func() bool {
		response, err := d.Token(d.Context(), &req)
		if err != nil {
			d.Errorf("token: %v", err)
			return false
		}
		if response.Action != authlete.TokenOK {
			return false
		}
		winner.Store(response)
		return true
	})
	if winner.Load() == nil {
		d.Fatal("nobody succeeded")
	}
	return winner.Load()
}

func parallelCodes(d *driver) {
	d.start()
	client := d.client("app")
	for range 5 {
		tokens := d.tokenOnce(client, exchange(d.code(request("app"))))
		if d.active(tokens.AccessToken) || d.active(tokens.RefreshToken) {
			d.Error("tokens of a code that was redeemed in parallel are active")
		}
	}
}

func parallelRefresh(d *driver) {
	d.start()
	client := d.client("app")
	for range 5 {
		first := d.tokens(client, exchange(d.code(request("app"))))
		tokens := d.tokenOnce(client, refreshed(first.RefreshToken))
		if d.active(tokens.AccessToken) || d.active(tokens.RefreshToken) {
			d.Error("tokens of a refresh token that was used in parallel are active")
		}
	}
}

func parallelTickets(d *driver) {
	d.start()
	d.client("app")
	for range 5 {
		ticket := d.ticket(request("app"))
		d.once(func() bool {
			response, err := d.AuthorizationIssue(d.Context(), &authlete.AuthorizationIssueRequest{Ticket: ticket, Subject: alice})
			if err != nil {
				d.Errorf("issue: %v", err)
				return false
			}
			return response.Action == authlete.AuthorizationIssueLocation
		})
	}
}
