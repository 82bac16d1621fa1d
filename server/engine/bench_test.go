package engine_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
)

func benchEngine(b *testing.B) *engine.Engine {
	b.Helper()
	e, err := engine.Open(b.Context(), engine.Options{
		KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "ES256",
		Clock: enginetest.NewClock().Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	_, err = e.ClientCreate(b.Context(), &authlete.Client{
		ClientIDAlias: "app", RedirectURIs: []string{"https://app.example.com/callback"},
		GrantTypes:    []authlete.GrantType{authlete.GrantAuthorizationCode, authlete.GrantRefreshToken},
		ResponseTypes: []authlete.ResponseType{authlete.ResponseCode},
	})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkAuthorize is an authorization request and its grant, without the pages.
func BenchmarkAuthorize(b *testing.B) {
	e := benchEngine(b)
	request := &authlete.AuthorizationRequest{Parameters: "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback" +
		"&scope=openid+read&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"}
	b.ReportAllocs()
	for b.Loop() {
		response, err := e.Authorization(b.Context(), request)
		if err != nil || response.Ticket == "" {
			b.Fatal(response, err)
		}
		issued, err := e.AuthorizationIssue(b.Context(), &authlete.AuthorizationIssueRequest{Ticket: response.Ticket, Subject: "1001", AuthTime: 1})
		if err != nil || issued.AuthorizationCode == "" {
			b.Fatal(issued, err)
		}
	}
}

// BenchmarkDiscovery is a request for the discovery document.
func BenchmarkDiscovery(b *testing.B) {
	e := benchEngine(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.ServiceConfiguration(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
