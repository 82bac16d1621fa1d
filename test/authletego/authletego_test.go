package authletego_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlete/authlete-go/api"
	"github.com/authlete/authlete-go/conf"
	"github.com/authlete/authlete-go/dto"
	"github.com/authlete/authlete-go/types"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/server/engine"
	"github.com/authserver-dev/operator/server/engine/enginetest"
	"github.com/authserver-dev/operator/server/engine/httpapi"
)

const (
	callback = "https://app.example.com/callback"
	subject  = "1001"
	alias    = "app"
)

// Credentials of the stand-in.
const (
	serviceKey    = "1"
	serviceSecret = "service-secret"
	ownerKey      = "2"
	ownerSecret   = "owner-secret"
)

// front is a front end that uses the library.
type front struct {
	*testing.T
	api api.AuthleteApi
}

func start(t *testing.T) *front {
	t.Helper()
	opened, err := engine.Open(t.Context(), engine.Options{
		KEK: bytes.Repeat([]byte{7}, 32), Service: enginetest.Service(), SigningAlgorithm: "ES256",
		Clock: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	accepted := []*credentials.Credentials{{
		Version: credentials.V2, ServiceID: serviceKey, APISecret: serviceSecret, OwnerKey: ownerKey, OwnerSecret: ownerSecret,
	}}
	server := httptest.NewServer(httpapi.New(httpapi.Options{
		Backend: opened, Credentials: func() []*credentials.Credentials { return accepted }, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(server.Close)
	config := conf.AuthleteSimpleConfiguration{}
	config.SetBaseUrl(server.URL)
	config.SetServiceApiKey(serviceKey)
	config.SetServiceApiSecret(serviceSecret)
	config.SetServiceOwnerApiKey(ownerKey)
	config.SetServiceOwnerApiSecret(ownerSecret)
	f := &front{T: t, api: api.New(&config)}
	f.api.Settings().Timeout = 30 * time.Second // the library has none
	return f
}

// must ends the test on an error. The library returns a pointer, which in an error would never be nil.
func (f *front) must(err *api.AuthleteError) {
	f.Helper()
	if err != nil {
		f.Fatal(err.Message)
	}
}

// refused checks the status and the form of a refusal.
func (f *front) refused(err *api.AuthleteError, status int) {
	f.Helper()
	switch {
	case err == nil:
		f.Errorf("the call was not refused, want %d", status)
	case err.Response == nil:
		f.Errorf("no answer: %v", err.Cause)
	case err.Response.StatusCode != status || !strings.Contains(err.Message, `"resultCode":"E`):
		f.Errorf("want %d: %s", status, err.Message)
	}
}

func (f *front) client() *dto.Client {
	f.Helper()
	created, err := f.api.CreateClientContext(f.Context(), &dto.Client{
		Developer: "alice", ClientIdAlias: alias, ClientIdAliasEnabled: true, ClientName: "Application", ClientType: types.ClientType_CONFIDENTIAL,
		ApplicationType: types.ApplicationType_WEB, RedirectUris: []string{callback}, TokenAuthMethod: types.ClientAuthMethod_CLIENT_SECRET_BASIC,
		GrantTypes:    []types.GrantType{types.GrantType_AUTHORIZATION_CODE, types.GrantType_REFRESH_TOKEN},
		ResponseTypes: []types.ResponseType{types.ResponseType_CODE}, IdTokenSignAlg: types.JWSAlg_ES256,
	})
	f.must(err)
	if created.ClientId == 0 || created.ClientSecret == "" || created.CreatedAt == 0 {
		f.Fatalf("client %+v", created)
	}
	return created
}

// authorize makes an authorization request that needs a page.
func (f *front) authorize() *dto.AuthorizationResponse {
	f.Helper()
	response, err := f.api.AuthorizationContext(f.Context(), &dto.AuthorizationRequest{Parameters: url.Values{
		"response_type": {"code"}, "client_id": {alias}, "redirect_uri": {callback}, "scope": {"openid email read"}, "state": {"here"}, "nonce": {"once"},
	}.Encode()})
	f.must(err)
	if response.Action != dto.AuthorizationAction_INTERACTION || response.Ticket == "" || response.Client.ClientName != "Application" ||
		response.Service.ServiceName == "" || len(response.Scopes) != 3 || !response.ClientIdAliasUsed {
		f.Fatalf("authorization %+v", response)
	}
	return response
}

// answer returns the parameters of an authorization response.
func (f *front) answer(location string) url.Values {
	f.Helper()
	parsed, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, callback) {
		f.Fatalf("location %s: %v", location, err)
	}
	if query := parsed.Query(); query.Get("state") == "here" && query.Get("iss") == enginetest.Issuer {
		return query
	}
	f.Fatalf("location %s", location)
	return nil
}

// token makes a token request.
func (f *front) token(client *dto.Client, parameters url.Values) *dto.TokenResponse {
	f.Helper()
	response, err := f.api.TokenContext(f.Context(), &dto.TokenRequest{
		Parameters: parameters.Encode(), ClientId: client.ClientIdAlias, ClientSecret: client.ClientSecret,
	})
	f.must(err)
	return response
}

func (f *front) active(token string) bool {
	f.Helper()
	response, err := f.api.StandardIntrospectionContext(f.Context(), &dto.StandardIntrospectionRequest{Parameters: url.Values{"token": {token}}.Encode()})
	f.must(err)
	var content struct{ Active bool }
	if err := json.Unmarshal([]byte(response.ResponseContent), &content); err != nil || response.Action != dto.StandardIntrospectionAction_OK {
		f.Fatalf("introspection %+v: %v", response, err)
	}
	return content.Active
}

// tokens goes through a whole code flow.
func (f *front) tokens(client *dto.Client) *dto.TokenResponse {
	f.Helper()
	issued, err := f.api.AuthorizationIssueContext(f.Context(), &dto.AuthorizationIssueRequest{
		Ticket: f.authorize().Ticket, Subject: subject, AuthTime: uint64(time.Now().Unix()),
		Claims: `{"email":"alice@example.com"}`,
	})
	f.must(err)
	if issued.Action != dto.AuthorizationIssueAction_LOCATION || issued.AuthorizationCode == "" {
		f.Fatalf("issue %+v", issued)
	}
	code := f.answer(issued.ResponseContent).Get("code")
	if code != issued.AuthorizationCode {
		f.Errorf("code %q, want %q", code, issued.AuthorizationCode)
	}
	tokens := f.token(client, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}})
	if tokens.Action != dto.TokenAction_OK || tokens.GrantType != types.GrantType_AUTHORIZATION_CODE || tokens.AccessToken == "" || tokens.RefreshToken == "" ||
		tokens.IdToken == "" || tokens.Subject != subject || tokens.ClientId != client.ClientId || tokens.AccessTokenDuration == 0 {
		f.Fatalf("token %+v", tokens)
	}
	return tokens
}

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	f := start(t)
	client := f.client()
	tokens := f.tokens(client)
	checked, err := f.api.IntrospectionContext(t.Context(), &dto.IntrospectionRequest{Token: tokens.AccessToken, Scopes: []string{"read"}, Subject: subject})
	f.must(err)
	if checked.Action != dto.IntrospectionAction_OK || !checked.Usable || !checked.Sufficient ||
		checked.Subject != subject || checked.ClientId != client.ClientId {
		t.Errorf("introspection %+v", checked)
	}
	missing, err := f.api.IntrospectionContext(t.Context(), &dto.IntrospectionRequest{Token: tokens.AccessToken, Scopes: []string{"write"}})
	f.must(err)
	if missing.Action != dto.IntrospectionAction_FORBIDDEN {
		t.Errorf("introspection with a missing scope: %+v", missing)
	}
	refreshed := f.token(client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}})
	if refreshed.Action != dto.TokenAction_OK || refreshed.AccessToken == tokens.AccessToken || !f.active(refreshed.AccessToken) {
		t.Errorf("refresh %+v", refreshed)
	}
	revoked, err := f.api.RevocationContext(t.Context(), &dto.RevocationRequest{
		Parameters: url.Values{"token": {refreshed.RefreshToken}}.Encode(), ClientId: client.ClientIdAlias, ClientSecret: client.ClientSecret,
	})
	f.must(err)
	if revoked.Action != dto.RevocationAction_OK || f.active(refreshed.RefreshToken) || f.active(refreshed.AccessToken) {
		t.Errorf("revocation %+v", revoked)
	}
	wrong := *client
	wrong.ClientSecret = "wrong"
	if refused := f.token(&wrong, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}); refused.Action != dto.TokenAction_INVALID_CLIENT {
		t.Errorf("wrong secret: %+v", refused)
	}
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	f := start(t)
	tokens := f.tokens(f.client())
	asked, err := f.api.UserInfoContext(t.Context(), &dto.UserInfoRequest{Token: tokens.AccessToken})
	f.must(err)
	if asked.Action != dto.UserInfoAction_OK || asked.Subject != subject || !slices.Contains(asked.Claims, "email") {
		t.Errorf("userinfo %+v", asked)
	}
	issued, err := f.api.UserInfoIssueContext(t.Context(), &dto.UserInfoIssueRequest{Token: tokens.AccessToken, Claims: `{"email":"alice@example.com"}`})
	f.must(err)
	if issued.Action != dto.UserInfoIssueAction_JSON || issued.ResponseContent != `{"sub":"1001","email":"alice@example.com"}` {
		t.Errorf("userinfo %+v", issued)
	}
	unknown, err := f.api.UserInfoContext(t.Context(), &dto.UserInfoRequest{Token: "unknown"})
	f.must(err)
	if unknown.Action != dto.UserInfoAction_UNAUTHORIZED || !strings.HasPrefix(unknown.ResponseContent, "Bearer ") {
		t.Errorf("userinfo with an unknown token: %+v", unknown)
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.client()
	ticket := f.authorize().Ticket
	failed, err := f.api.AuthorizationFailContext(t.Context(), &dto.AuthorizationFailRequest{Ticket: ticket, Reason: dto.AuthorizationFailReason_DENIED})
	f.must(err)
	if failed.Action != dto.AuthorizationFailAction_LOCATION || f.answer(failed.ResponseContent).Get("error") != "access_denied" {
		t.Errorf("fail %+v", failed)
	}
	_, err = f.api.AuthorizationIssueContext(t.Context(), &dto.AuthorizationIssueRequest{Ticket: ticket, Subject: subject})
	f.must(err)
	again, err := f.api.AuthorizationIssueContext(t.Context(), &dto.AuthorizationIssueRequest{Ticket: ticket, Subject: subject})
	f.must(err)
	if again.Action != dto.AuthorizationIssueAction_BAD_REQUEST {
		t.Errorf("a used ticket: %+v", again)
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	f := start(t)
	client := f.client()
	for _, identifier := range []any{alias, client.ClientId} {
		got, err := f.api.GetClientContext(t.Context(), identifier)
		f.must(err)
		if got.ClientId != client.ClientId || got.ClientSecret != client.ClientSecret || got.Developer != "alice" {
			t.Errorf("client %+v", got)
		}
	}
	list, err := f.api.GetClientListContext(t.Context(), "", 0, 10)
	f.must(err)
	if list.TotalCount != 1 || len(list.Clients) != 1 || list.Clients[0].ClientIdAlias != alias {
		t.Errorf("list %+v", list)
	}
	// A whole client that was read before replaces what is stored.
	whole := *client
	whole.ClientName, whole.Developer, whole.SoftwareId = "Renamed", "", "software"
	updated, err := f.api.UpdateClientContext(t.Context(), &whole)
	f.must(err)
	if updated.ClientName != "Renamed" || updated.Developer != "" || updated.SoftwareId != "software" || updated.ClientSecret != client.ClientSecret {
		t.Errorf("updated %+v", updated)
	}
	// A part leaves the rest.
	partly, err := f.api.UpdateClientContext(t.Context(), &dto.Client{ClientId: client.ClientId, Description: "Described"})
	f.must(err)
	if partly.Description != "Described" || partly.ClientName != "Renamed" || partly.SoftwareId != "software" ||
		!slices.Equal(partly.RedirectUris, []string{callback}) {
		t.Errorf("updated %+v", partly)
	}
	imposed, err := f.api.UpdateClientSecretContext(t.Context(), alias, "0123456789abcdef")
	f.must(err)
	refreshed, err := f.api.RefreshClientSecretContext(t.Context(), client.ClientId)
	f.must(err)
	if imposed.OldClientSecret != client.ClientSecret || refreshed.OldClientSecret != "0123456789abcdef" ||
		refreshed.NewClientSecret == refreshed.OldClientSecret {
		t.Errorf("secrets %+v, %+v", imposed, refreshed)
	}
	f.must(f.api.DeleteClientContext(t.Context(), alias))
	_, err = f.api.GetClientContext(t.Context(), alias)
	f.refused(err, http.StatusNotFound)
	_, err = f.api.CreateClientContext(t.Context(), &dto.Client{RedirectUris: []string{"relative"}})
	f.refused(err, http.StatusBadRequest)
}

func TestServiceSettings(t *testing.T) {
	t.Parallel()
	f := start(t)
	service, err := f.api.GetServiceContext(t.Context(), serviceKey)
	f.must(err)
	if service.ApiKey != 1 || service.Issuer != enginetest.Issuer || !service.PkceS256Required {
		t.Fatalf("service %+v", service)
	}
	// The library leaves out all that is false: of a whole service, that must be heard.
	service.PkceS256Required, service.ServiceName = false, "Renamed"
	updated, err := f.api.UpdateServiceContext(t.Context(), service)
	f.must(err)
	if updated.PkceS256Required || updated.ServiceName != "Renamed" || len(updated.SupportedScopes) != len(service.SupportedScopes) {
		t.Errorf("updated %+v", updated)
	}
	partly, err := f.api.UpdateServiceContext(t.Context(), &dto.Service{ApiKey: 1, AccessTokenDuration: 120})
	f.must(err)
	if partly.AccessTokenDuration != 120 || partly.ServiceName != "Renamed" ||
		partly.Issuer != enginetest.Issuer || len(partly.SupportedScopes) != len(service.SupportedScopes) {
		t.Errorf("updated %+v", partly)
	}
	if tokens := f.tokens(f.client()); tokens.AccessTokenDuration != 120 {
		t.Errorf("token %+v", tokens)
	}
	keys, err := f.api.GetServiceJwksContext(t.Context(), true, true)
	f.must(err)
	if !strings.Contains(keys, `"kty": "EC"`) || strings.Contains(keys, `"d"`) {
		t.Errorf("keys %s", keys)
	}
	document, err := f.api.GetServiceConfigurationContext(t.Context(), false)
	f.must(err)
	if !strings.Contains(document, `"issuer":"`+enginetest.Issuer+`"`) {
		t.Errorf("configuration %s", document)
	}
}

// TestRefusals: what the stand-in does not have, and what it does not allow, is told in the API's form.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, err := f.api.CreateServiceContext(t.Context(), &dto.Service{ServiceName: "Another"})
	f.refused(err, http.StatusForbidden)
	_, err = f.api.GetServiceListContext(t.Context(), 0, 5)
	f.refused(err, http.StatusForbidden)
	f.refused(f.api.DeleteServiceContext(t.Context(), serviceKey), http.StatusForbidden)
	_, err = f.api.GetServiceContext(t.Context(), "999")
	f.refused(err, http.StatusForbidden)
	absent, err := f.api.DeviceAuthorizationContext(t.Context(), &dto.DeviceAuthorizationRequest{Parameters: "scope=read"})
	f.must(err)
	if absent.Action != dto.DeviceAuthorizationAction_BAD_REQUEST || !strings.Contains(absent.ResponseContent, "invalid_request") {
		t.Errorf("device authorization: %+v", absent)
	}
	_, err = f.api.BackchannelAuthenticationCompleteContext(t.Context(), &dto.BackchannelAuthenticationCompleteRequest{})
	f.refused(err, http.StatusNotFound)
	config := conf.AuthleteSimpleConfiguration{}
	config.SetBaseUrl("http://127.0.0.1:1")
	_, err = api.New(&config).GetServiceConfigurationContext(t.Context(), false)
	if err == nil {
		t.Error("a service that is away answered")
	}
}
