package enginetest

import (
	"sync"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// idempotent allows refresh requests to be repeated for a short time.
func idempotent(s *authlete.Service) { s.RefreshTokenIdempotent = true }

// repeatedRefresh repeats refresh requests: whose answer was lost, and that run in parallel.
func repeatedRefresh(d *driver) {
	d.start(idempotent, func(s *authlete.Service) { s.RefreshTokenLeeway = 5 })
	client, other := d.client("app"), d.client("other")
	first := d.tokens(client, exchange(d.code(request("app"))))
	second := d.tokens(client, refreshed(first.RefreshToken))
	d.Clock.Turn(4 * time.Second)
	again := d.tokens(client, refreshed(first.RefreshToken))
	if again.AccessToken != second.AccessToken || again.RefreshToken != second.RefreshToken || again.IDToken == "" {
		d.Error("a repeated request got other tokens")
	}
	narrow := d.tokens(client, refreshed(first.RefreshToken).with(form{"scope": "openid"}))
	if narrow.AccessToken == second.AccessToken || narrow.RefreshToken != second.RefreshToken || len(narrow.Scopes) != 1 {
		d.Error("a repeated request for fewer scopes got an access token with all of them, or another refresh token")
	}
	d.refused(d.token(other, refreshed(first.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")

	third := d.tokens(client, refreshed(second.RefreshToken))
	if late := d.tokens(client, refreshed(first.RefreshToken)); late.RefreshToken != third.RefreshToken {
		d.Error("a repeated request did not get the token that is in force by now")
	}
	if !d.usable(third.AccessToken) || !d.usable(narrow.AccessToken) {
		d.Error("the tokens are not active")
	}
	d.Clock.Turn(time.Second)
	d.refused(d.token(client, refreshed(first.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
	if d.usable(third.AccessToken) {
		d.Error("a replay after the leeway did not revoke")
	}
	d.refused(d.token(client, refreshed(third.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
}

// parallelRepetitions refreshes from all sides at once: one successor, equal answers that all serve.
func parallelRepetitions(d *driver) {
	d.start(idempotent)
	for _, client := range []*authlete.Client{d.client("app"), d.client("public", public)} {
		first := d.tokens(client, exchange(d.code(request(client.ClientIDAlias))))
		for range 3 {
			answers := d.refreshTogether(client, first.RefreshToken)
			for _, answer := range answers {
				if answer.AccessToken != answers[0].AccessToken || answer.RefreshToken != answers[0].RefreshToken || answer.IDToken == "" {
					d.Fatal("parallel requests got different tokens")
				}
				if answer.AccessTokenDuration != 3600 || answer.RefreshTokenDuration != 86400 {
					d.Errorf("durations %d and %d", answer.AccessTokenDuration, answer.RefreshTokenDuration)
				}
			}
			if !d.usable(answers[0].AccessToken) {
				d.Error("the access token is not active")
			}
			first = answers[0]
		}
	}
}

func (d *driver) refreshTogether(client *authlete.Client, token string) []*authlete.TokenResponse {
	d.Helper()
	answers := make([]*authlete.TokenResponse, redeemers)
	in := refreshed(token)
	req := authlete.TokenRequest{Parameters: in.encode(), ClientID: client.ClientIDAlias, ClientSecret: client.ClientSecret}
	if client.TokenAuthMethod == authlete.AuthNone {
		req = authlete.TokenRequest{Parameters: in.with(form{"client_id": client.ClientIDAlias}).encode()}
	}
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range answers {
		group.Go(func() {
			<-start
			response, err := d.Token(d.Context(), &req)
			if err != nil || response.Action != authlete.TokenOK {
				d.Errorf("refreshing in parallel: %+v, %v", response, err)
				response = &authlete.TokenResponse{}
			}
			answers[i] = response
		})
	}
	close(start)
	group.Wait()
	return answers
}

// usable says whether an access token is good for a resource server.
func (d *driver) usable(token string) bool {
	d.Helper()
	response, err := d.Introspection(d.Context(), &authlete.IntrospectionRequest{Token: token})
	d.must(err)
	return response.Usable
}

// absoluteRefresh refreshes until the family ends, however young its last token is.
func absoluteRefresh(d *driver) {
	const lifetime, absolute = 24 * time.Hour, 3*24*time.Hour + time.Hour
	d.start(func(s *authlete.Service) {
		s.RefreshTokenDuration, s.RefreshTokenAbsoluteDuration = int64(lifetime/time.Second), int64(absolute/time.Second)
	})
	client := d.client("app")
	tokens := d.tokens(client, exchange(d.code(request("app"))))
	if tokens.RefreshTokenDuration != int64(lifetime/time.Second) {
		d.Errorf("the first refresh token lives for %d s", tokens.RefreshTokenDuration)
	}
	for range 6 {
		d.Clock.Turn(12 * time.Hour)
		tokens = d.tokens(client, refreshed(tokens.RefreshToken))
	}
	if tokens.RefreshTokenDuration != int64(time.Hour/time.Second) {
		d.Errorf("the last refresh token lives for %d s, want an hour", tokens.RefreshTokenDuration)
	}
	d.Clock.Turn(time.Hour)
	d.refused(d.token(client, refreshed(tokens.RefreshToken)), authlete.TokenBadRequest, "invalid_grant")
}
