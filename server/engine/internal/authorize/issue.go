package authorize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/registry"
	"github.com/authserver-dev/operator/server/engine/internal/store"
	"github.com/authserver-dev/operator/server/engine/internal/ticket"
)

// AuthorizationIssue implements authlete.AuthorizationAPI.
func (e *Endpoint) AuthorizationIssue(ctx context.Context, req *authlete.AuthorizationIssueRequest) (*authlete.AuthorizationIssueResponse, error) {
	asked, err := e.open(ctx, req.Ticket)
	if err != nil {
		return issueUnknown(err)
	}
	if refusal := checkIssue(asked.request, req); refusal != nil {
		return issueFailed(authlete.AuthorizationIssueInternalServerError, refusal), nil
	}
	if err := e.deps.Tickets.Use(ctx, &asked.ticket); err != nil {
		return issueUnknown(err)
	}
	if req.Scopes != nil {
		asked.request.Scopes = narrow(asked.request.Scopes, req.Scopes)
	}
	return e.grant(ctx, asked, req)
}

// pending is an authorization request that waits for a decision.
type pending struct {
	ticket  ticket.Ticket
	request *Request
	client  *registry.Client
}

// errNoTicket means that nothing can be decided by the ticket.
var errNoTicket = errors.New("no such ticket")

// open opens a ticket without using it up.
func (e *Endpoint) open(ctx context.Context, value string) (*pending, error) {
	opened, err := e.deps.Tickets.Open(ticket.Authorization, value)
	if err != nil {
		return nil, errNoTicket
	}
	request, err := decode(opened.Request)
	if err != nil {
		return nil, err
	}
	client, err := e.deps.Registry.Client(ctx, registry.IDString(request.ClientID))
	if errors.Is(err, store.ErrNotFound) || err == nil && client.Locked {
		return nil, errNoTicket
	}
	if err != nil {
		return nil, fmt.Errorf("finding the client of a ticket: %w", err)
	}
	return &pending{ticket: opened, request: request, client: client}, nil
}

// issueUnknown answers for a ticket that is unknown, has expired or was used.
func issueUnknown(err error) (*authlete.AuthorizationIssueResponse, error) {
	if errors.Is(err, errNoTicket) || errors.Is(err, ticket.ErrUsed) {
		return issueFailed(authlete.AuthorizationIssueBadRequest, unknownTicket("E041202")), nil
	}
	return nil, fmt.Errorf("issuing an authorization response: %w", err)
}

func unknownTicket(code string) *oauth.Error {
	return oauth.NewError(oauth.InvalidRequest, code, "There is no such ticket: it was used, or it has expired.")
}

func issueFailed(action authlete.AuthorizationIssueAction, refusal *oauth.Error) *authlete.AuthorizationIssueResponse {
	return &authlete.AuthorizationIssueResponse{Result: refusal.Result(), Action: action, ResponseContent: refusal.Content()}
}

// checkIssue refuses decisions that the front end must not make.
func checkIssue(request *Request, req *authlete.AuthorizationIssueRequest) *oauth.Error {
	switch {
	case req.Subject == "":
		return oauth.NewError(oauth.ServerError, "E041203", "The front end named no subject.")
	case request.Subject != "" && request.Subject != req.Subject:
		return oauth.NewError(oauth.ServerError, "E041204", "The front end named another subject than the request insists on.")
	case req.Claims != "" && json.Unmarshal([]byte(req.Claims), &map[string]json.RawMessage{}) != nil:
		return oauth.NewError(oauth.ServerError, "E041205", "The claims of the front end are not a JSON object.")
	default:
		return nil
	}
}

// narrow returns the scopes that replace those of the request; openid cannot be added.
func narrow(requested, replacement []string) []string {
	had := (&Request{Scopes: requested}).openID()
	scopes := []string{}
	for _, scope := range replacement {
		if scope != issue.ScopeOpenID || had {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// grant issues what the response type asks for and stores it in one step.
func (e *Endpoint) grant(
	ctx context.Context, asked *pending, req *authlete.AuthorizationIssueRequest,
) (*authlete.AuthorizationIssueResponse, error) {
	request := asked.request
	details := &issue.GrantDetails{
		AuthTime: req.AuthTime, Acr: req.Acr, Sub: req.Sub, AliasUsed: request.AliasUsed,
		ClaimsAtUserInfo: request.ClaimsAtUserInfo, UserInfoClaims: request.UserInfoClaims,
	}
	if req.Claims != "" {
		details.IDTokenClaims = json.RawMessage(req.Claims)
	}
	result := &authlete.AuthorizationIssueResponse{
		Result: oauth.Success("E040001", "The authorization request was granted."), Action: authlete.AuthorizationIssueLocation,
	}
	parameters, err := e.issue(ctx, issuance{request: request, client: asked.client, subject: req.Subject, details: details}, result)
	if err != nil {
		return nil, fmt.Errorf("issuing an authorization response: %w", err)
	}
	end := respond(request, e.deps.Registry.Service(), parameters)
	result.ResponseContent = end.content
	if end.form {
		result.Action = authlete.AuthorizationIssueForm
	}
	return result, nil
}

// issuance is what one authorization response is made of.
type issuance struct {
	request *Request
	client  *registry.Client
	subject string
	details *issue.GrantDetails
}

func (e *Endpoint) issue(ctx context.Context, in issuance, result *authlete.AuthorizationIssueResponse) ([]parameter, error) {
	grant, err := e.newGrant(in)
	if err != nil {
		return nil, err
	}
	var parameters []parameter
	var tokens store.Tokens
	if in.request.wantsToken() {
		access, err := e.deps.Minter.Access(issue.Spec{
			Client: &in.client.Client, GrantType: authlete.GrantImplicit, GrantID: grant.ID, Subject: in.subject, Scopes: in.request.Scopes,
		})
		if err != nil {
			return nil, err
		}
		tokens.Access = &access.Record
		grant.ExpiresAt = access.Record.ExpiresAt
		result.AccessToken, result.AccessTokenDuration = access.Value, access.Duration()
		result.AccessTokenExpiresAt = access.Record.ExpiresAt.UnixMilli()
		parameters = append(parameters, parameter{"access_token", access.Value}, parameter{"token_type", "Bearer"},
			parameter{"expires_in", strconv.FormatInt(access.Duration(), 10)})
		if len(in.request.Scopes) > 0 {
			parameters = append(parameters, parameter{"scope", oauth.JoinScopes(in.request.Scopes)})
		}
	}
	code, err := e.newCode(in, &grant)
	if err != nil {
		return nil, err
	}
	if code != nil {
		result.AuthorizationCode = code.value
		parameters = append([]parameter{{"code", code.value}}, parameters...)
	}
	if in.request.wantsIDToken() {
		if result.IDToken, err = e.idToken(ctx, in, result); err != nil {
			return nil, err
		}
		parameters = append(parameters, parameter{"id_token", result.IDToken})
	}
	return parameters, e.save(ctx, grant, code, tokens)
}

func (e *Endpoint) save(ctx context.Context, grant store.Grant, code *newCode, tokens store.Tokens) error {
	switch {
	case code != nil:
		return e.deps.Store.IssueCode(ctx, grant, code.record, tokens)
	case tokens.Access != nil:
		return e.deps.Store.IssueTokens(ctx, &grant, tokens)
	default:
		return nil // an ID token alone leaves nothing to remember
	}
}

func (e *Endpoint) newGrant(in issuance) (store.Grant, error) {
	id, err := e.deps.Minter.GrantID()
	if err != nil {
		return store.Grant{}, err
	}
	details, err := in.details.Encode()
	if err != nil {
		return store.Grant{}, err
	}
	now := e.deps.Clock()
	return store.Grant{
		ID: id, ClientID: in.client.ClientID, Subject: in.subject, Scopes: in.request.Scopes, Details: details, CreatedAt: now, ExpiresAt: now,
	}, nil
}

// newCode is a code with its record.
type newCode struct {
	value  string
	record store.Code
}

// newCode makes a code if the response carries one, and keeps the grant at least as long.
func (e *Endpoint) newCode(in issuance, grant *store.Grant) (*newCode, error) {
	if !in.request.wantsCode() {
		return nil, nil //nolint:nilnil // no code is a regular outcome
	}
	value, err := e.deps.Minter.Opaque()
	if err != nil {
		return nil, err
	}
	doc, err := (&issue.CodeRequest{
		RedirectURI: in.request.RedirectURI, RedirectURISent: in.request.RedirectURISent,
		CodeChallenge: in.request.Challenge, CodeChallengeMethod: in.request.ChallengeMethod, Nonce: in.request.Nonce,
	}).Encode()
	if err != nil {
		return nil, err
	}
	lifetime := time.Duration(e.deps.Registry.Service().AuthorizationCodeDuration) * time.Second
	expires := e.deps.Clock().Add(lifetime)
	if expires.After(grant.ExpiresAt) {
		grant.ExpiresAt = expires
	}
	return &newCode{value: value, record: store.Code{
		Hash: store.HashOf(value), GrantID: grant.ID, ClientID: grant.ClientID, Request: doc, ExpiresAt: expires,
	}}, nil
}

func (e *Endpoint) idToken(ctx context.Context, in issuance, result *authlete.AuthorizationIssueResponse) (string, error) {
	return e.deps.Minter.IDToken(ctx, issue.IDToken{
		Client: &in.client.Client, Audience: in.client.Identifier(in.request.AliasUsed), Subject: in.subject, Details: in.details,
		Nonce: in.request.Nonce, AccessToken: result.AccessToken, Code: result.AuthorizationCode,
	})
}
