package token_test

import (
	"net/url"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/fixture"
)

func BenchmarkClientCredentials(b *testing.B) {
	w := newWorld(b)
	request := &authlete.TokenRequest{
		Parameters: "grant_type=client_credentials&scope=read", ClientID: "app", ClientSecret: fixture.Secret,
	}
	b.ReportAllocs()
	for b.Loop() {
		response, err := w.endpoint.Token(b.Context(), request)
		if err != nil || response.Action != authlete.TokenOK {
			b.Fatalf("%+v, %v", response, err)
		}
	}
}

func BenchmarkExchangeES256(b *testing.B) {
	w := newWorld(b)
	requests := make([]*authlete.TokenRequest, 0, 1024)
	fill := func() {
		requests = requests[:0]
		for range cap(requests) {
			code := w.Code(fixture.Grant{Scopes: []string{"openid", "read"}, Request: challenged()})
			requests = append(requests, &authlete.TokenRequest{
				Parameters: exchangeForm(code).Encode(), ClientID: "app", ClientSecret: fixture.Secret,
			})
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%cap(requests) == 0 {
			b.StopTimer()
			fill()
			b.StartTimer()
		}
		response, err := w.endpoint.Token(b.Context(), requests[i%cap(requests)])
		if err != nil || response.Action != authlete.TokenOK {
			b.Fatalf("%+v, %v", response, err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	w := newWorld(b)
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	value := refresh.Value
	b.ReportAllocs()
	for b.Loop() {
		response, err := w.endpoint.Token(b.Context(), &authlete.TokenRequest{
			Parameters: "grant_type=refresh_token&refresh_token=" + value, ClientID: "app", ClientSecret: fixture.Secret,
		})
		if err != nil || response.Action != authlete.TokenOK {
			b.Fatalf("%+v, %v", response, err)
		}
		value = response.RefreshToken
	}
}

// FuzzToken sends arbitrary parameters: whatever they are, the answer is an
// action with content, and tokens come only with OK.
func FuzzToken(f *testing.F) {
	w := newWorld(f, withPassword)
	code := w.Code(fixture.Grant{Scopes: []string{"openid"}, Request: challenged()})
	_, refresh := w.Tokens(fixture.Grant{Scopes: []string{"read"}})
	f.Add("grant_type=client_credentials&scope=read", "app", fixture.Secret)
	f.Add(exchangeForm(code).Encode(), "app", fixture.Secret)
	f.Add("grant_type=refresh_token&refresh_token="+refresh.Value, "app", fixture.Secret)
	f.Add("grant_type=password&username=a&password=b", "app", fixture.Secret)
	f.Add("grant_type=authorization_code&client_id=spa&code=x", "", "")
	f.Add("client_assertion_type=urn%3Aietf&client_assertion=a.b.c", "", "")
	f.Add("%", "a", "b")
	f.Fuzz(func(t *testing.T, parameters, id, secret string) {
		response, err := w.endpoint.Token(t.Context(), &authlete.TokenRequest{Parameters: parameters, ClientID: id, ClientSecret: secret})
		if err != nil {
			t.Fatalf("Token: %v", err)
		}
		switch response.Action {
		case authlete.TokenOK:
			values, err := url.ParseQuery(parameters)
			if err != nil || id != "app" && id != "other" && id != "plain" && values.Get("client_id") == "" {
				t.Errorf("tokens for %q, client %q", parameters, id)
			}
		case authlete.TokenPassword:
			if response.Ticket == "" || response.AccessToken != "" {
				t.Errorf("response %+v", response)
			}
		case authlete.TokenBadRequest, authlete.TokenInvalidClient:
			if body(t, response.ResponseContent)["error"] == "" || response.AccessToken != "" {
				t.Errorf("response %+v", response)
			}
		default:
			t.Errorf("action %s", response.Action)
		}
	})
}
