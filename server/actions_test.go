package server_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// puppet answers each call with an action of the test's choosing, or as the real backend where it has none. Calls that
// never happen in a test are those of the embedded nil interface.
type puppet struct {
	authlete.Runtime

	action  map[string]string
	content string
	err     error
}

// forced returns the action for a type of actions, and the error for it.
func (p *puppet) forced(kind string) (string, bool, error) {
	action, ok := p.action[kind]
	if ok && action == "" {
		return "", true, p.err
	}
	return action, ok, nil
}

func (p *puppet) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	if action, ok, err := p.forced("AuthorizationAction"); ok {
		return &authlete.AuthorizationResponse{Action: authlete.AuthorizationAction(action), ResponseContent: p.content, Ticket: "t"}, err
	}
	return p.Runtime.Authorization(ctx, req)
}

func (p *puppet) AuthorizationIssue(ctx context.Context, req *authlete.AuthorizationIssueRequest) (*authlete.AuthorizationIssueResponse, error) {
	if action, ok, err := p.forced("AuthorizationIssueAction"); ok {
		return &authlete.AuthorizationIssueResponse{Action: authlete.AuthorizationIssueAction(action), ResponseContent: p.content}, err
	}
	return p.Runtime.AuthorizationIssue(ctx, req)
}

func (p *puppet) AuthorizationFail(ctx context.Context, req *authlete.AuthorizationFailRequest) (*authlete.AuthorizationFailResponse, error) {
	if action, ok, err := p.forced("AuthorizationFailAction"); ok {
		return &authlete.AuthorizationFailResponse{Action: authlete.AuthorizationFailAction(action), ResponseContent: p.content}, err
	}
	return p.Runtime.AuthorizationFail(ctx, req)
}

func (p *puppet) Token(ctx context.Context, req *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	if action, ok, err := p.forced("TokenAction"); ok {
		return &authlete.TokenResponse{
			Action: authlete.TokenAction(action), ResponseContent: p.content, Ticket: "t", Username: "alice", Password: servertest.Password,
		}, err
	}
	return p.Runtime.Token(ctx, req)
}

func (p *puppet) TokenIssue(_ context.Context, req *authlete.TokenIssueRequest) (*authlete.TokenIssueResponse, error) {
	action, _, err := p.forced("TokenIssueAction")
	return &authlete.TokenIssueResponse{Action: authlete.TokenIssueAction(action), ResponseContent: p.content, Subject: req.Subject}, err
}

func (p *puppet) TokenFail(context.Context, *authlete.TokenFailRequest) (*authlete.TokenFailResponse, error) {
	action, _, err := p.forced("TokenFailAction")
	return &authlete.TokenFailResponse{Action: authlete.TokenFailAction(action), ResponseContent: p.content}, err
}

func (p *puppet) Revocation(context.Context, *authlete.RevocationRequest) (*authlete.RevocationResponse, error) {
	action, _, err := p.forced("RevocationAction")
	return &authlete.RevocationResponse{Action: authlete.RevocationAction(action), ResponseContent: p.content}, err
}

func (p *puppet) StandardIntrospection(context.Context, *authlete.StandardIntrospectionRequest) (*authlete.StandardIntrospectionResponse, error) {
	action, _, err := p.forced("StandardIntrospectionAction")
	return &authlete.StandardIntrospectionResponse{Action: authlete.StandardIntrospectionAction(action), ResponseContent: p.content}, err
}

func (p *puppet) UserInfo(context.Context, *authlete.UserInfoRequest) (*authlete.UserInfoResponse, error) {
	action, _, err := p.forced("UserInfoAction")
	return &authlete.UserInfoResponse{Action: authlete.UserInfoAction(action), ResponseContent: p.content, Subject: "1001"}, err
}

func (p *puppet) UserInfoIssue(context.Context, *authlete.UserInfoIssueRequest) (*authlete.UserInfoIssueResponse, error) {
	action, _, err := p.forced("UserInfoIssueAction")
	return &authlete.UserInfoIssueResponse{Action: authlete.UserInfoIssueAction(action), ResponseContent: p.content}, err
}

func (p *puppet) FederationConfiguration(
	context.Context, *authlete.FederationConfigurationRequest,
) (*authlete.FederationConfigurationResponse, error) {
	action, _, err := p.forced("FederationConfigurationAction")
	return &authlete.FederationConfigurationResponse{Action: authlete.FederationConfigurationAction(action), ResponseContent: p.content}, err
}

// reaction is what a client must see of an action.
type reaction struct {
	status int
	// header, if set, must be there.
	header string
}

// reactions is the contract of section 2.3 of the API, call by call: a new action of the contract fails the test until it
// has a row here and in the endpoint's table.
func reactions() map[string]map[string]reaction {
	return map[string]map[string]reaction{
		"AuthorizationAction": {
			"INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "LOCATION": {302, "Location"}, "FORM": {200, ""},
			"INTERACTION": {200, ""}, "NO_INTERACTION": {400, ""}, // fails: nobody is logged in, and the ticket is none of the engine's
		},
		"AuthorizationIssueAction": {
			"INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "LOCATION": {303, "Location"}, "FORM": {200, ""},
		},
		"AuthorizationFailAction": {
			"INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "LOCATION": {303, "Location"}, "FORM": {200, ""},
		},
		"TokenAction": {
			"INVALID_CLIENT": {401, "WWW-Authenticate"}, "INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "OK": {200, ""},
			"PASSWORD": {200, ""}, "TOKEN_EXCHANGE": {400, ""}, "JWT_BEARER": {400, ""}, "ID_TOKEN_REISSUABLE": {200, ""},
		},
		"TokenIssueAction": {"INTERNAL_SERVER_ERROR": {500, ""}, "OK": {200, ""}},
		"TokenFailAction":  {"INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}},
		"RevocationAction": {
			"INVALID_CLIENT": {401, "WWW-Authenticate"}, "INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "OK": {200, ""},
		},
		"StandardIntrospectionAction": {"INTERNAL_SERVER_ERROR": {500, ""}, "BAD_REQUEST": {400, ""}, "OK": {200, ""}, "JWT": {200, ""}},
		"UserInfoAction": {
			"INTERNAL_SERVER_ERROR": {500, "WWW-Authenticate"}, "BAD_REQUEST": {400, "WWW-Authenticate"},
			"UNAUTHORIZED": {401, "WWW-Authenticate"}, "FORBIDDEN": {403, "WWW-Authenticate"}, "OK": {200, ""},
		},
		"UserInfoIssueAction": {
			"INTERNAL_SERVER_ERROR": {500, "WWW-Authenticate"}, "BAD_REQUEST": {400, "WWW-Authenticate"},
			"UNAUTHORIZED": {401, "WWW-Authenticate"}, "FORBIDDEN": {403, "WWW-Authenticate"}, "JSON": {200, ""}, "JWT": {200, ""},
		},
		"FederationConfigurationAction": {"INTERNAL_SERVER_ERROR": {500, ""}, "NOT_FOUND": {404, ""}, "OK": {200, ""}},
		// Not one of this server's endpoints: resource servers call it at the backend.
		"IntrospectionAction": {"INTERNAL_SERVER_ERROR": {}, "BAD_REQUEST": {}, "UNAUTHORIZED": {}, "FORBIDDEN": {}, "OK": {}},
	}
}

// drive makes the server call the backend for a type of actions and returns what came of it.
func drive(t *testing.T, s *servertest.Server, p *puppet, kind string) (status int, header http.Header) {
	t.Helper()
	page := func(page servertest.Page) (int, http.Header) { return page.Status, page.Header }
	form := func(path string, user, secret string) (int, http.Header) {
		answer := send(t, s, http.MethodPost, path, url.Values{"x": {"y"}}, user, secret)
		return answer.StatusCode, answer.Header
	}
	switch kind {
	case "AuthorizationAction":
		return page(s.NewBrowser(t).Authorize(nil))
	case "AuthorizationIssueAction":
		browser := s.NewBrowser(t)
		return page(browser.LogIn(browser.Authorize(nil), "alice"))
	case "AuthorizationFailAction":
		browser := s.NewBrowser(t)
		return page(browser.Submit(browser.Authorize(nil), map[string]string{"denied": "yes"}))
	case "TokenAction":
		p.action["TokenIssueAction"] = "OK"
		return form("/api/token", "app", "secret")
	case "TokenIssueAction":
		p.action["TokenAction"] = "PASSWORD"
		return form("/api/token", "app", "secret")
	case "TokenFailAction":
		p.action["TokenAction"] = "PASSWORD"
		s.SetUsers(t) // nobody has the right password any more
		awaitUsers(t, s, 0)
		return form("/api/token", "app", "secret")
	case "RevocationAction":
		return form("/api/revocation", "app", "secret")
	case "FederationConfigurationAction":
		answer := send(t, s, http.MethodGet, "/.well-known/openid-federation", nil, "", "")
		return answer.StatusCode, answer.Header
	case "StandardIntrospectionAction":
		return form("/api/introspection", "api", servertest.IntrospectionSecret)
	default:
		if kind == "UserInfoAction" {
			p.action["UserInfoIssueAction"] = "JSON"
		} else {
			p.action["UserInfoAction"] = "OK"
		}
		answer := send(t, s, http.MethodGet, "/api/userinfo", nil, "", "", "Authorization", "Bearer token")
		return answer.StatusCode, answer.Header
	}
}

// TestEveryActionHasAReaction drives every endpoint through every action of the contract.
func TestEveryActionHasAReaction(t *testing.T) {
	t.Parallel()
	contract, expected := contractActions(t), reactions()
	if len(contract) == 0 {
		t.Fatal("no actions were found in the contract")
	}
	for kind, actions := range contract {
		if len(actions) != len(expected[kind]) {
			t.Errorf("%s: the contract has %v, this test %v", kind, actions, expected[kind])
		}
		if kind == "IntrospectionAction" {
			continue
		}
		for _, action := range append(actions, "TELEPORT") {
			want, known := expected[kind][action]
			if !known {
				want = reaction{status: http.StatusInternalServerError}
			}
			t.Run(kind+"/"+action, func(t *testing.T) {
				t.Parallel()
				checkReaction(t, kind, action, want)
			})
		}
		t.Run(kind+"/no answer", func(t *testing.T) {
			t.Parallel()
			checkReaction(t, kind, "", reaction{http.StatusServiceUnavailable, "Retry-After"})
		})
	}
}

func checkReaction(t *testing.T, kind, action string, want reaction) {
	t.Helper()
	content := `{"error":"inside"}`
	switch action {
	case "LOCATION":
		content = "https://app.example.com/callback?error=inside"
	case "FORM":
		content = `<form method="post" action="https://app.example.com/callback"><input name="error" value="inside"></form>`
	}
	p := &puppet{action: map[string]string{kind: action}, content: content, err: errors.New("secret.internal: no route to host")}
	s := servertest.Start(t, servertest.Options{Backend: func(engine authlete.Runtime) authlete.Runtime {
		p.Runtime = engine
		return p
	}})
	s.Client(t, nil)
	status, header := drive(t, s, p, kind)
	if status != want.status || (want.header != "" && header.Get(want.header) == "") {
		t.Errorf("status %d, want %d and the header %q in %v\n%s", status, want.status, want.header, header, s.Log())
	}
	if header.Get("Cache-Control") != "no-store" {
		t.Errorf("a cache may keep the answer: %v", header)
	}
	if unknown := strings.Contains(s.Log(), "unknown action"); unknown != (action == "TELEPORT") {
		t.Errorf("the log speaks of an unknown action: %v\n%s", unknown, s.Log())
	}
	if action == "TELEPORT" && !strings.Contains(s.Log(), "TELEPORT") {
		t.Error("the log does not name the unknown action")
	}
}

// contractActions returns the values of every type of actions in the contract package.
func contractActions(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../internal/authlete/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			kind, ok := spec.Type.(*ast.Ident)
			if !ok || !strings.HasSuffix(kind.Name, "Action") || len(spec.Values) != 1 {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[kind.Name] = append(found[kind.Name], value)
			}
			return true
		})
	}
	delete(found, "GrantManagementAction") // what a request wants, not what a call answers
	return found
}
