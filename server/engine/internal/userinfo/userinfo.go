package userinfo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/bearer"
	"github.com/authserver-dev/operator/server/engine/internal/issue"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
	"github.com/authserver-dev/operator/server/engine/internal/store"
)

// Result codes.
const (
	codeNoToken     = "E088301"
	codeUnknown     = "E088302"
	codeNotUsable   = "E088303"
	codeScope       = "E088304"
	codeNoSubject   = "E088305"
	codeNotBound    = "E088306"
	codeOK          = "E091001"
	codeIssued      = "E096001"
	codeIssueClaims = "E096201"
)

// Store finds tokens and grants.
type Store interface {
	bearer.Store
	FindGrant(ctx context.Context, grantID string) (store.Grant, error)
}

// Registry knows clients and settings.
type Registry interface {
	bearer.Registry
	Service() *authlete.Service
}

// Deps are what an Endpoint needs. All are required.
type Deps struct {
	Registry Registry
	Store    Store
	Subjects bearer.Subjects
	Clock    func() time.Time
}

// Endpoint implements authlete.UserInfoAPI.
type Endpoint struct {
	store    Store
	registry Registry
	judge    *bearer.Judge
}

var _ authlete.UserInfoAPI = (*Endpoint)(nil)

// New returns an Endpoint.
func New(deps Deps) *Endpoint {
	return &Endpoint{store: deps.Store, registry: deps.Registry, judge: bearer.NewJudge(bearer.Deps{
		Store: deps.Store, Registry: deps.Registry, Subjects: deps.Subjects, Clock: deps.Clock,
	})}
}

// refusal is an answer other than the claims.
type refusal struct {
	action authlete.UserInfoAction
	err    *oauth.Error
}

// UserInfo validates the access token of a userinfo request.
func (e *Endpoint) UserInfo(ctx context.Context, req *authlete.UserInfoRequest) (*authlete.UserInfoResponse, error) {
	if req.DPoP != "" { // no token of this engine is bound to a key
		unbound := unauthorized(codeNotBound, "The access token is not bound to a key.")
		return &authlete.UserInfoResponse{Result: unbound.err.Result(), Action: unbound.action, ResponseContent: unbound.err.Challenge("DPoP")}, nil
	}
	token, details, refused, err := e.read(ctx, req.Token)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return &authlete.UserInfoResponse{
			Result: refused.err.Result(), Action: refused.action, ResponseContent: refused.err.Challenge("Bearer"),
		}, nil
	}
	return &authlete.UserInfoResponse{
		Result:         oauth.Success(codeOK, "The access token presented at the userinfo endpoint is valid."),
		Action:         authlete.UserInfoOK,
		Claims:         issue.UserInfoClaimNames(e.registry.Service(), token.Scopes, details.ClaimsAtUserInfo),
		ClientID:       token.ClientID,
		Scopes:         token.Scopes,
		Subject:        token.Subject,
		Token:          req.Token,
		UserInfoClaims: details.UserInfoClaims,
	}, nil
}

// UserInfoIssue builds the userinfo response. It judges the token again: it may have been revoked meanwhile.
func (e *Endpoint) UserInfoIssue(
	ctx context.Context, req *authlete.UserInfoIssueRequest,
) (*authlete.UserInfoIssueResponse, error) {
	token, details, refused, err := e.read(ctx, req.Token)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return &authlete.UserInfoIssueResponse{
			// The actions of both calls are spelled alike.
			Result: refused.err.Result(), Action: authlete.UserInfoIssueAction(refused.action),
			ResponseContent: refused.err.Challenge("Bearer"),
		}, nil
	}
	// The sub of the userinfo response must be that of the ID token (section 5.3.2).
	subject := token.Subject
	for _, replacement := range []string{details.Sub, req.Sub} {
		if replacement != "" {
			subject = replacement
		}
	}
	content, ok := render(subject, req.Claims)
	if !ok {
		fault := oauth.NewError(oauth.ServerError, codeIssueClaims, "The claims of the call are not a JSON object.")
		return &authlete.UserInfoIssueResponse{
			Result: fault.Result(), Action: authlete.UserInfoIssueInternalServerError, ResponseContent: fault.Challenge("Bearer"),
		}, nil
	}
	return &authlete.UserInfoIssueResponse{
		Result: oauth.Success(codeIssued, "A userinfo response was generated successfully."),
		Action: authlete.UserInfoIssueJSON, ResponseContent: content,
	}, nil
}

// read judges the token and reads what its grant says.
func (e *Endpoint) read(ctx context.Context, value string) (*bearer.Token, *issue.GrantDetails, *refusal, error) {
	if value == "" {
		return nil, nil, &refusal{
			action: authlete.UserInfoBadRequest,
			err:    oauth.NewError(oauth.InvalidRequest, codeNoToken, "The request does not contain an access token."),
		}, nil
	}
	token, err := e.judge.Judge(ctx, value)
	if err != nil {
		return nil, nil, nil, err
	}
	if refused := check(&token); refused != nil {
		return nil, nil, refused, nil
	}
	grant, err := e.store.FindGrant(ctx, token.GrantID)
	if errors.Is(err, store.ErrNotFound) { // revoked or swept since
		return nil, nil, unauthorized(codeUnknown, "The access token does not exist."), nil
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("finding grant: %w", err)
	}
	details, err := issue.DecodeGrantDetails(grant.Details)
	if err != nil {
		return nil, nil, nil, err
	}
	return &token, &details, nil, nil
}

// check decides whether the token is good for userinfo. It is a pure function.
func check(token *bearer.Token) *refusal {
	switch {
	case !token.Existent():
		return unauthorized(codeUnknown, "The access token does not exist.")
	case !token.Usable():
		return unauthorized(codeNotUsable, "The access token has expired or was revoked.")
	case token.Subject == "" || token.GrantID == "":
		return unauthorized(codeNoSubject, "The access token belongs to no end-user.")
	case !slices.Contains(token.Scopes, issue.ScopeOpenID):
		return &refusal{
			action: authlete.UserInfoForbidden,
			err:    oauth.NewError(oauth.InsufficientScope, codeScope, "The access token does not cover the scope openid."),
		}
	default:
		return nil
	}
}

func unauthorized(code, text string) *refusal {
	return &refusal{action: authlete.UserInfoUnauthorized, err: oauth.NewError(oauth.InvalidToken, code, "%s", text)}
}

// render builds the response: sub, then the claims by name. A sub among the claims does not count.
func render(subject, claims string) (string, bool) {
	members := map[string]json.RawMessage{}
	if claims != "" {
		if err := json.Unmarshal([]byte(claims), &members); err != nil {
			return "", false
		}
	}
	object := jsontext.NewObject(64 + len(claims))
	object.String("sub", subject)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name != "sub" {
			object.Raw(name, members[name])
		}
	}
	return string(object.Bytes()), true
}
