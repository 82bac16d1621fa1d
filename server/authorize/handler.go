package authorize

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/audit"
	"github.com/authserver-dev/operator/server/login"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/users"
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
	ServiceName  string
	// Remember keeps consent for the session; else it is asked for each time.
	Remember bool
	// Lifetime is how long a page can be submitted.
	Lifetime time.Duration
	Clock    func() time.Time
	// Address returns the address of the caller.
	Address func(context.Context) string
}

// Handler serves the authorization and the decision endpoint.
type Handler struct{ Options }

// New returns the handler.
func New(opts Options) *Handler { return &Handler{opts} }

// maxRedirect bounds the query into which a posted request is turned.
const maxRedirect = 6 << 10

// Authorize serves GET and POST of the authorization endpoint (RFC 6749, section 3.1).
func (h *Handler) Authorize(w http.ResponseWriter, r *http.Request) {
	parameters := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			h.message(w, r, http.StatusRequestEntityTooLarge, "The request is too large", "Go back to the application and try again.")
			return
		}
		parameters = string(body)
		if h.seeSession(w, r, parameters) {
			return
		}
	}
	note(r, parameters)
	response, err := h.Backend.Authorization(r.Context(), &authlete.AuthorizationRequest{Parameters: parameters})
	if err != nil {
		h.backendError(w, r, err)
		return
	}
	audit.From(r.Context()).Note(string(response.Action), response.ResultCode)
	switch response.Action {
	case authlete.AuthorizationInteraction:
		h.interact(w, r, newInteraction(response, h.Clock()), parameters)
	case authlete.AuthorizationNoInteraction:
		h.silent(w, r, newInteraction(response, h.Clock()))
	default:
		h.end(w, r, string(response.Action), response.ResponseContent)
	}
}

// seeSession turns a request that another site posted into a GET: browsers send the session cookie only with that.
func (h *Handler) seeSession(w http.ResponseWriter, r *http.Request, parameters string) bool {
	plain := strings.IndexFunc(parameters, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
	if h.Cookies.Came(r) || len(parameters) > maxRedirect || !plain {
		return false
	}
	reply.Location(w, r, r.URL.Path+"?"+parameters)
	return true
}

// note puts the parameters that may be logged into the request's line.
func note(r *http.Request, parameters string) {
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return
	}
	record := audit.From(r.Context())
	record.Client = values.Get("client_id")
	for _, name := range []string{"response_type", "response_mode", "scope", "prompt", "max_age", "display"} {
		record.Param(name, values.Get(name))
	}
}

// silent answers a request with prompt=none.
func (h *Handler) silent(w http.ResponseWriter, r *http.Request, in *Interaction) {
	s, user := h.Cookies.Current(r)
	if problem := silentProblem(in, s, h.Remember, h.Clock()); problem != "" {
		h.fail(w, r, in, problem)
		return
	}
	h.issue(w, r, in, s, user)
}

// interact shows the page, unless the session and what it remembers answer the request.
func (h *Handler) interact(w http.ResponseWriter, r *http.Request, in *Interaction, parameters string) {
	if !acrSatisfied(in) {
		h.fail(w, r, in, authlete.AuthorizationFailAcrNotSatisfied)
		return
	}
	if values, err := url.ParseQuery(parameters); err == nil {
		in.RedirectURI = values.Get("redirect_uri")
	}
	s, user := h.Cookies.Current(r)
	satisfied := loginProblem(in, s, h.Clock()) == "" && !in.has(authlete.PromptSelectAccount)
	if satisfied && !consentNeeded(in, s, h.Remember) {
		h.issue(w, r, in, s, user)
		return
	}
	in.Browser = h.Cookies.Browser(w, r)
	h.page(w, r, in, view{session: s, user: user, username: in.LoginHint, status: http.StatusOK})
}

// view is what one showing of the page adds to the interaction.
type view struct {
	session  *session.Session
	user     *configv1alpha1.User
	username string
	problem  string
	status   int
}

// page writes the login and consent page.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, in *Interaction, v view) {
	sealed, err := h.Sealer.Seal(session.PurposeInteraction, in)
	if err != nil {
		h.internal(w, r, "Sealing an interaction failed", err)
		return
	}
	page := web.AuthorizePage{
		ServiceName: in.ServiceName, ClientName: in.ClientName, Description: in.Description, LogoURI: in.LogoURI, ClientURI: in.ClientURI,
		PolicyURI: in.PolicyURI, TosURI: in.TosURI, Action: h.DecisionPath, Interaction: sealed, Problem: v.problem, RedirectTo: in.RedirectURI,
		Consent: consentNeeded(in, v.session, h.Remember), Username: v.username,
	}
	page.Title = "Log in to " + in.ClientName
	if page.Consent {
		page.Title = in.ClientName + " asks for access"
	}
	for _, scope := range in.Scopes {
		page.Scopes = append(page.Scopes, web.Scope{Name: scope.Name, Description: scope.Description})
	}
	page.Claims = in.UserClaims
	for _, claim := range in.Claims {
		if !slices.Contains(page.Claims, claim) {
			page.Claims = append(page.Claims, claim)
		}
	}
	page.LoginRequired = loginProblem(in, v.session, h.Clock()) != ""
	h.showAccount(&page, in, v)
	if err := h.Pages.Authorize(w, v.status, page); err != nil {
		h.internal(w, r, "Rendering a page failed", err)
	}
}

// showAccount fills in who is, or must be, logged in.
func (h *Handler) showAccount(page *web.AuthorizePage, in *Interaction, v view) {
	if !page.LoginRequired {
		page.UserName, page.MaySwitch = users.GivenName(v.user), in.Subject == ""
		return
	}
	if in.Subject == "" {
		return
	}
	page.UsernameFixed = true
	page.Username = ""
	if wanted := h.Users.BySubject(in.Subject); wanted != nil {
		page.Username = wanted.Username
	}
}

// end sends the client what the backend made for it.
func (h *Handler) end(w http.ResponseWriter, r *http.Request, action, content string) {
	switch action {
	case "LOCATION":
		reply.Location(w, r, content)
	case "FORM":
		h.Pages.FormPost(w, content)
	case "BAD_REQUEST":
		h.refused(w, r, content)
	case "INTERNAL_SERVER_ERROR":
		audit.From(r.Context()).Problem("The backend had an internal error", "action", action)
		h.message(w, r, http.StatusInternalServerError, "Something went wrong", "The server could not process the request. Please try again later.")
	default:
		audit.From(r.Context()).Problem("The backend answered with an unknown action", "action", action)
		h.message(w, r, http.StatusInternalServerError, "Something went wrong", "The server could not process the request. Please try again later.")
	}
}
