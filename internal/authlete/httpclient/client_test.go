package httpclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// answer is one answer of a scripted backend; a zero status is a lost connection.
type answer struct {
	status int
	header http.Header
	body   string
}

// script answers requests in order, the last answer again and again, and remembers what was asked.
type script struct {
	answers  []answer
	requests []string
	bodies   []string
	token    string
	header   http.Header
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, r.Method+" "+r.URL.String())
	s.token, s.header = r.Header.Get("Authorization"), r.Header
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.bodies = append(s.bodies, string(body))
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if next.status == 0 {
		return nil, errors.New("connection reset by peer")
	}
	header := next.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func (s *script) client() *httpclient.Client {
	return httpclient.New(httpclient.Options{
		Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
		Credentials: func() *credentials.Credentials {
			return &credentials.Credentials{
				Version: credentials.V3, BaseURL: "https://us.authlete.com", ServiceID: "21653835348762", AccessToken: "service-token",
			}
		},
		HTTP: &http.Client{Transport: s},
	})
}

const base = "https://us.authlete.com/api/21653835348762/"

func TestRequests(t *testing.T) {
	t.Parallel()
	s := &script{answers: []answer{{status: 200, body: `{"action":"SOMETHING_NEW","unknown":{"a":[1]},"resultCode":"A1"}`}}}
	client := s.client()
	response, err := client.Token(t.Context(), &authlete.TokenRequest{Parameters: "a=b", ClientID: "app", ClientSecret: "se:cret"})
	if err != nil {
		t.Fatal(err)
	}
	if response.Action != "SOMETHING_NEW" || response.ResultCode != "A1" {
		t.Errorf("response = %+v", response)
	}
	if _, err := client.ClientGet(t.Context(), "a/b c?d"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ClientList(t.Context(), 10, 20); err != nil {
		t.Fatal(err)
	}
	if err := client.ClientDelete(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST " + base + "auth/token", "GET " + base + "client/get/a%2Fb%20c%3Fd", "GET " + base + "client/get/list?start=10&end=20",
		"DELETE " + base + "client/delete/app",
	}
	if diff := cmp.Diff(want, s.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	var sent map[string]string
	if err := json.Unmarshal([]byte(s.bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"parameters": "a=b", "clientId": "app", "clientSecret": "se:cret"}, sent); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if s.token != "Bearer service-token" {
		t.Errorf("Authorization = %q", s.token)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		want   authlete.Error
	}{
		"refused": {
			answer{status: 400, body: `{"resultCode":"A001201","resultMessage":"[A001201] no"}`},
			authlete.Error{Status: 400, Result: authlete.Result{ResultCode: "A001201", ResultMessage: "[A001201] no"}},
		},
		"a proxy's page":     {answer{status: 502, body: "<html>"}, authlete.Error{Status: 502}},
		"asked to wait":      {answer{status: 429, header: http.Header{"Retry-After": {"7"}}}, authlete.Error{Status: 429, RetryAfter: 7 * time.Second}},
		"rate limit":         {answer{status: 429, header: http.Header{"Ratelimit-Reset": {"3"}}}, authlete.Error{Status: 429, RetryAfter: 3 * time.Second}},
		"asked for too long": {answer{status: 503, header: http.Header{"Retry-After": {"999999999"}}}, authlete.Error{Status: 503, RetryAfter: time.Hour}},
		"a date": {
			answer{status: 429, header: http.Header{"Retry-After": {"Sun, 01 Mar 2026 12:00:09 GMT"}}},
			authlete.Error{Status: 429, RetryAfter: 9 * time.Second},
		},
		"an epoch": {answer{status: 429, header: http.Header{"Ratelimit-Reset": {"1772366405"}}}, authlete.Error{Status: 429, RetryAfter: 5 * time.Second}},
		"an epoch in milliseconds": {
			answer{status: 429, header: http.Header{"Ratelimit-Reset": {"1772366406000"}}}, authlete.Error{Status: 429, RetryAfter: 6 * time.Second},
		},
		"less than no time":        {answer{status: 429, header: http.Header{"Retry-After": {"-7"}}}, authlete.Error{Status: 429}},
		"a limit that was not met": {answer{status: 502, header: http.Header{"Ratelimit-Reset": {"30"}}}, authlete.Error{Status: 502}},
		"a number beyond all dates": {
			answer{status: 429, header: http.Header{"Retry-After": {"9223372036854775807"}}}, authlete.Error{Status: 429, RetryAfter: time.Hour},
		},
		"a wait, and a limit": {
			answer{status: 429, header: http.Header{"Retry-After": {"2"}, "Ratelimit-Reset": {"9"}}}, authlete.Error{Status: 429, RetryAfter: 2 * time.Second},
		},
		"a date long ago": {answer{status: 429, header: http.Header{"Retry-After": {"Sun, 01 Mar 2020 12:00:09 GMT"}}}, authlete.Error{Status: 429}},
		"nonsense header": {answer{status: 503, header: http.Header{"Retry-After": {"soon"}}}, authlete.Error{Status: 503}},
		"redirect":        {answer{status: 304}, authlete.Error{Status: 304}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: []answer{test.answer}}
			_, err := s.client().ClientCreate(t.Context(), &authlete.Client{})
			refused, ok := errors.AsType[*authlete.Error](err)
			if !ok {
				t.Fatalf("error = %v", err)
			}
			test.want.Call = "client/create"
			if diff := cmp.Diff(test.want, *refused); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if len(s.requests) != 1 {
				t.Errorf("a call that changes something was made %d times", len(s.requests))
			}
		})
	}
}

// TestUnusableAnswers: and nothing of them gets into the error.
func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	const content = "CONTENT-OF-THE-ANSWER"
	for name, body := range map[string]string{
		"empty": "", "not JSON": "<html>" + content, "another type": `["` + content + `"]`, "a null": "null", "truncated": `{"issuer":"` + content,
		"a member of another type": `{"issuer":{"a":"` + content + `"}}`, "two objects": `{"issuer":"` + content + `"}{}`,
		"too long": `{"resultCode":"` + strings.Repeat("x", 9<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := (&script{answers: []answer{{status: 200, body: body}}}).client().ServiceGet(t.Context())
			refused, ok := errors.AsType[*authlete.Error](err)
			if !ok || refused.Err == nil || refused.Status != 200 || strings.Contains(err.Error(), content) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// TestDocuments: they come as they are, unless they are none.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		ok     bool
	}{
		"a document":            {answer{status: 200, body: "\n{\"b\": 1, \"a\": [ ]}"}, true},
		"a service has no keys": {answer{status: 204}, true},
		"a page":                {answer{status: 200, body: "<html>"}, false},
		"truncated":             {answer{status: 200, body: `{"keys":[`}, false},
		"a null":                {answer{status: 200, body: "null"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := (&script{answers: []answer{test.answer}}).client().ServiceJWKS(t.Context())
			if (err == nil) != test.ok || (test.ok && string(got) != test.answer.body) {
				t.Errorf("document %q, error %v", got, err)
			}
		})
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	fine, busy, gone := answer{status: 200, body: "{}"}, answer{status: 503}, answer{}
	get := func(ctx context.Context, c *httpclient.Client) error { _, err := c.ClientGet(ctx, "app"); return err }
	rotate := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.ClientSecretRefresh(ctx, "app")
		return err
	}
	token := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.Token(ctx, &authlete.TokenRequest{})
		return err
	}
	introspect := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.StandardIntrospection(ctx, &authlete.StandardIntrospectionRequest{})
		return err
	}
	info := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.UserInfo(ctx, &authlete.UserInfoRequest{})
		return err
	}
	issue := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.UserInfoIssue(ctx, &authlete.UserInfoIssueRequest{})
		return err
	}
	configuration := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.ServiceConfiguration(ctx)
		return err
	}
	change := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.ServiceUpdate(ctx, &authlete.Service{})
		return err
	}
	drop := func(ctx context.Context, c *httpclient.Client) error { return c.ClientDelete(ctx, "app") }
	proven := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.UserInfo(ctx, &authlete.UserInfoRequest{Token: "t", DPoPProof: authlete.DPoPProof{DPoP: "proof"}})
		return err
	}
	federation := func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.FederationConfiguration(ctx, &authlete.FederationConfigurationRequest{})
		return err
	}
	wait := answer{status: 429, header: http.Header{"Retry-After": {"2"}}}
	for name, test := range map[string]struct {
		answers  []answer
		call     func(context.Context, *httpclient.Client) error
		requests int
		ok       bool
		least    time.Duration
	}{
		"a read, busy once":            {[]answer{busy, fine}, get, 2, true, 100 * time.Millisecond},
		"a read, connection lost":      {[]answer{gone, fine}, get, 2, true, 100 * time.Millisecond},
		"a read, told to wait":         {[]answer{wait, fine}, get, 2, true, 2 * time.Second},
		"a read, busy for good":        {[]answer{busy}, get, 3, false, 300 * time.Millisecond},
		"a read, refused":              {[]answer{{status: 404}}, get, 1, false, 0},
		"a read, server error":         {[]answer{{status: 500}}, get, 1, false, 0},
		"a read, a limit not met":      {[]answer{{status: 502, header: http.Header{"Ratelimit-Reset": {"40"}}}, fine}, get, 2, true, 100 * time.Millisecond},
		"a read, told to wait long":    {[]answer{{status: 429, header: http.Header{"Ratelimit-Reset": {"40"}}}, fine}, get, 1, false, 0},
		"a read, garbage":              {[]answer{{status: 200, body: "<html>"}, fine}, get, 1, false, 0},
		"standard introspection":       {[]answer{busy, fine}, introspect, 2, true, 100 * time.Millisecond},
		"user info":                    {[]answer{gone, fine}, info, 2, true, 100 * time.Millisecond},
		"user info with a proof":       {[]answer{gone, fine}, proven, 1, false, 0},
		"federation":                   {[]answer{busy, fine}, federation, 2, true, 100 * time.Millisecond},
		"claims are issued":            {[]answer{busy, fine}, issue, 1, false, 0},
		"discovery":                    {[]answer{busy, gone, fine}, configuration, 3, true, 300 * time.Millisecond},
		"a change of settings":         {[]answer{gone, fine}, change, 1, false, 0},
		"a new secret is not a read":   {[]answer{busy, fine}, rotate, 1, false, 0},
		"a token request":              {[]answer{busy, fine}, token, 1, false, 0},
		"a token request, answer lost": {[]answer{gone, fine}, token, 1, false, 0},
		"a deletion":                   {[]answer{busy, fine}, drop, 1, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: test.answers}
				start := time.Now()
				err := test.call(t.Context(), s.client())
				if (err == nil) != test.ok || len(s.requests) != test.requests {
					t.Errorf("%d requests, error %v", len(s.requests), err)
				}
				if took := time.Since(start); took < test.least || took > test.least+time.Second {
					t.Errorf("took %v, want at least %v and little more", took, test.least)
				}
			})
		})
	}
}

// TestNoRetryPastTheDeadline: an error at once is better than the same one later.
func TestNoRetryPastTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 429, header: http.Header{"Retry-After": {"4"}}}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := s.client().ServiceJWKS(ctx); err == nil {
			t.Error("no error")
		}
		if took := time.Since(start); took != 0 || len(s.requests) != 1 {
			t.Errorf("took %v, %d requests", took, len(s.requests))
		}
	})
}
