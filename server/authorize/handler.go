package authorize

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
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
	// DecisionPath is where the page's form goes, as browsers see it.
	DecisionPath string
	// Service is what the pages show of the service.
	Service web.Service
	// Remember keeps consent for the session; else it is asked for each time.
	Remember bool
	// Lifetime is how long a page can be submitted.
	Lifetime time.Duration
	Clock    func() time.Time
}

// Handler serves the authorization and the decision endpoint.
type Handler struct{ Options }

// New returns the handler.
func New(opts Options) *Handler { return &Handler{opts} }

// Authorize serves GET and POST of the authorization endpoint (RFC 6749, section 3.1).
func (h *Handler) Authorize(w http.ResponseWriter, r *http.Request) {
	parameters, done := h.parameters(w, r)
	if done {
		return
	}
	note(r.Context(), parameters)
	response, err := h.Backend.Authorization(r.Context(), &authlete.AuthorizationRequest{Parameters: parameters})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	reply.Note(r.Context(), string(response.Action), response.ResultCode)
	switch response.Action {
	case authlete.AuthorizationInteraction:
		h.interact(w, r, newInteraction(response, parameters, h.Clock()))
	case authlete.AuthorizationNoInteraction:
		h.silent(w, r, newInteraction(response, parameters, h.Clock()))
	case authlete.AuthorizationBadRequest:
		h.refused(w, r, response.ResponseContent)
	default:
		h.end(w, r, answer{"auth/authorization", string(response.Action), response.ResponseContent})
	}
}

// parameters returns the request's parameters as they came. done says that the response was written instead.
func (h *Handler) parameters(w http.ResponseWriter, r *http.Request) (parameters string, done bool) {
	if r.Method != http.MethodPost {
		return h.unpark(w, r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.message(w, r, http.StatusRequestEntityTooLarge, web.MessagePage{
			Title: "The request is too large", Text: "Go back to the application and try again.",
		})
		return "", true
	}
	return string(body), h.park(w, r, string(body))
}

// note puts the parameters that may be logged into the request's line.
func note(ctx context.Context, parameters string) {
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return
	}
	record := requestlog.From(ctx)
	record.Client = values.Get("client_id")
	record.Param("responseType", values.Get("response_type"))
	record.Param("responseMode", values.Get("response_mode"))
	record.Param("scope", values.Get("scope"))
	record.Param("prompt", values.Get("prompt"))
	record.Param("maxAge", values.Get("max_age"))
	record.Param("display", values.Get("display"))
	record.Param("uiLocales", values.Get("ui_locales"))
	record.Param("acrValues", values.Get("acr_values"))
}

// silent answers a request with prompt=none.
func (h *Handler) silent(w http.ResponseWriter, r *http.Request, in *Interaction) {
	s, user := h.Cookies.Current(r)
	if problem := silentProblem(in, s, h.Remember, h.Clock()); problem != "" {
		h.fail(w, r, in, problem)
		return
	}
	h.issue(w, r, in, account{s, user})
}

// interact shows the page, unless the session and what it remembers answer the request.
func (h *Handler) interact(w http.ResponseWriter, r *http.Request, in *Interaction) {
	if !acrSatisfied(in) {
		h.fail(w, r, in, authlete.AuthorizationFailAcrNotSatisfied)
		return
	}
	s, user := h.Cookies.Current(r)
	satisfied := loginProblem(in, s, h.Clock()) == "" && !in.has(authlete.PromptSelectAccount)
	if satisfied && !consentNeeded(in, s, h.Remember) {
		h.issue(w, r, in, account{s, user})
		return
	}
	in.Browser = h.Cookies.Browser(w, r)
	h.page(w, r, in, view{account: account{s, user}, username: in.LoginHint, status: http.StatusOK})
}
