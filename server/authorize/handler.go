package authorize

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/interaction"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/requestlog"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/web"
)

// Passwords checks a login.
type Passwords interface {
	Check(ctx context.Context, attempt login.Attempt) (*configv1alpha1.User, error)
}

// Users finds people.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Options configure a Handler.
type Options struct {
	Backend   authlete.AuthorizationAPI
	Passwords Passwords
	Users     Users
	Sealer    *session.Sealer
	Cookies   *session.Cookies
	Pages     *web.Renderer
	// ScopeClaims says which claims scopes release.
	ScopeClaims authlete.ScopeClaims
	// Descriptions are what pages say of scopes that the backend does not describe.
	Descriptions map[string]string
	// DecisionPath is where the page's form goes, as browsers see it.
	DecisionPath string
	// Service is what the pages show of the service.
	Service web.Service
	Rules   interaction.Rules
	// Lifetime is how long a page can be submitted.
	Lifetime time.Duration
	Clock    func() time.Time
}

// Handler serves the authorization and the decision endpoint.
type Handler struct {
	Options

	authorization reply.Table[authlete.AuthorizationAction]
	issued        reply.Table[authlete.AuthorizationIssueAction]
	failed        reply.Table[authlete.AuthorizationFailAction]

	granted, denied *repeats
}

// New returns the handler.
func New(opts Options) *Handler {
	h := &Handler{Options: opts, granted: newRepeats(maxGranted, opts.Clock), denied: newRepeats(maxDenied, opts.Clock)}
	location, form, internal := reply.Rule{Make: reply.Redirect}, reply.Rule{Make: h.formPost}, reply.Rule{Failure: true}
	h.authorization = reply.Table[authlete.AuthorizationAction]{
		Call: "auth/authorization", Rules: map[authlete.AuthorizationAction]reply.Rule{
			authlete.AuthorizationLocation: location, authlete.AuthorizationForm: form, authlete.AuthorizationInternalServerError: internal,
		},
	}
	h.issued = reply.Table[authlete.AuthorizationIssueAction]{
		Call: "auth/authorization/issue", Rules: map[authlete.AuthorizationIssueAction]reply.Rule{
			authlete.AuthorizationIssueLocation: location, authlete.AuthorizationIssueForm: form,
			authlete.AuthorizationIssueInternalServerError: internal,
		},
	}
	h.failed = reply.Table[authlete.AuthorizationFailAction]{
		Call: "auth/authorization/fail", Rules: map[authlete.AuthorizationFailAction]reply.Rule{
			authlete.AuthorizationFailActionLocation: location, authlete.AuthorizationFailActionForm: form,
			authlete.AuthorizationFailActionInternalServerError: internal,
		},
	}
	return h
}

// Authorize answers GET and POST of the authorization endpoint (RFC 6749, section 3.1).
func (h *Handler) Authorize(r *http.Request) reply.Answer {
	parameters, instead := h.parameters(r)
	if instead != nil {
		return *instead
	}
	entry := describe(parameters)
	response, err := h.Backend.Authorization(r.Context(), &authlete.AuthorizationRequest{Parameters: parameters})
	if err != nil {
		return reply.FailedBackend(err).Noting(entry)
	}
	answer := h.react(r, response, parameters)
	return answer.Noting(reply.Outcome(string(response.Action), response.ResultCode)).Noting(entry)
}

// react turns the backend's response into the answer.
func (h *Handler) react(r *http.Request, response *authlete.AuthorizationResponse, parameters string) reply.Answer {
	in := interaction.New(response, parameters, h.Clock())
	in.Release(h.ScopeClaims)
	switch response.Action {
	case authlete.AuthorizationInteraction:
		return h.interact(r, in)
	case authlete.AuthorizationNoInteraction:
		return h.silent(r, in)
	case authlete.AuthorizationBadRequest:
		return h.refused(r, response.ResponseContent, parameters)
	default:
		return h.authorization.Answer(response.Action, response.ResultCode, response.ResponseContent)
	}
}

// parameters returns the request's parameters as they were sent, or what is to be answered instead.
func (h *Handler) parameters(r *http.Request) (parameters string, instead *reply.Answer) {
	if r.Method != http.MethodPost {
		return h.unpark(r)
	}
	parameters, err := clientcall.Form(r)
	if err != nil {
		answer := h.unreadable(err)
		return "", &answer
	}
	return parameters, h.park(r, parameters)
}

// unreadable says that a posted request is no form, or too large.
func (h *Handler) unreadable(err error) reply.Answer {
	if errors.Is(err, clientcall.ErrTooLarge) {
		return h.message(http.StatusRequestEntityTooLarge, web.MessagePage{
			Title: "The request is too large", Text: "Go back to the application and try again.",
		})
	}
	return h.message(http.StatusBadRequest, web.MessagePage{
		Title: "The form could not be read", Text: "Go back to the application and try again.",
	})
}

// describe returns the parameters that may be logged.
func describe(parameters string) requestlog.Entry {
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return requestlog.Entry{}
	}
	entry := requestlog.Entry{Client: values.Get("client_id")}
	entry.Param("responseType", values.Get("response_type"))
	entry.Param("responseMode", values.Get("response_mode"))
	entry.Param("scope", values.Get("scope"))
	entry.Param("prompt", values.Get("prompt"))
	entry.Param("maxAge", values.Get("max_age"))
	entry.Param("display", values.Get("display"))
	entry.Param("uiLocales", values.Get("ui_locales"))
	entry.Param("acrValues", values.Get("acr_values"))
	return entry
}

// silent answers a request with prompt=none.
func (h *Handler) silent(r *http.Request, in *interaction.Interaction) reply.Answer {
	s, user := h.Cookies.Current(r)
	if step := interaction.Silent(in, s, h.Rules, h.Clock()); step.Kind != interaction.Issue {
		return h.fail(r.Context(), in, step.Reason)
	}
	return h.issue(r.Context(), in, account{s, user})
}

// interact shows the page, unless the session and what it remembers answer the request.
func (h *Handler) interact(r *http.Request, in *interaction.Interaction) reply.Answer {
	s, user := h.Cookies.Current(r)
	step := interaction.Next(in, s, h.Rules, h.Clock())
	switch step.Kind {
	case interaction.Issue:
		return h.issue(r.Context(), in, account{s, user})
	case interaction.Refuse:
		return h.fail(r.Context(), in, step.Reason)
	default:
		return h.show(r, in, view{account: account{s, user}, username: in.LoginHint, status: http.StatusOK})
	}
}

// show shows the page of an interaction that begins: it is bound to the browser.
func (h *Handler) show(r *http.Request, in *interaction.Interaction, v view) reply.Answer {
	browser, cookie := h.Cookies.Browser(r)
	in.Browser = browser
	return h.page(in, v).WithCookie(cookie)
}
