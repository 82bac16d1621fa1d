package authorize

import (
	"cmp"
	"slices"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/interaction"
	"github.com/authserver-dev/operator/server/reply"
	"github.com/authserver-dev/operator/server/session"
	"github.com/authserver-dev/operator/server/users"
	"github.com/authserver-dev/operator/server/web"
)

// account is who is logged in; both are nil if nobody is.
type account struct {
	session *session.Session
	user    *configv1alpha1.User
}

// view is what one showing of the page adds to the interaction.
type view struct {
	account  account
	username string
	problem  string
	status   int
	// logIn asks to log in whoever is logged in: credentials were typed.
	logIn bool
}

// page shows the login and consent page.
func (h *Handler) page(in *interaction.Interaction, v view) reply.Answer {
	drawnFor := v.account.session
	if v.logIn {
		drawnFor = nil
	}
	shown := in.Draw(drawnFor, h.Rules, h.Clock())
	sealed, err := h.Sealer.Seal(session.PurposeInteraction, in)
	if err != nil {
		return reply.Failed("Sealing an interaction failed", "error", err.Error())
	}
	page := web.AuthorizePage{
		Service: h.Service,
		Client: web.Client{
			Name: in.ClientName, Description: in.Description, LogoURI: in.LogoURI, HomeURI: in.ClientURI, PolicyURI: in.PolicyURI, TosURI: in.TosURI,
		},
		Action: h.DecisionPath, Interaction: sealed, Problem: v.problem, RedirectURI: in.RedirectURI,
		Consent: shown.Permissions, LoginRequired: shown.LogIn, Username: v.username,
	}
	for _, scope := range in.Scopes {
		page.Scopes = append(page.Scopes, web.Scope{Name: scope.Name, Description: cmp.Or(scope.Description, h.Descriptions[scope.Name])})
	}
	for _, claim := range slices.Concat(in.UserClaims, in.Claims) {
		if !slices.Contains(page.Claims, claim) {
			page.Claims = append(page.Claims, claim)
		}
	}
	for _, detail := range in.Details {
		page.Details = append(page.Details, web.Detail{Title: detail.Title, Lines: detail.Lines})
	}
	h.showAccount(&page, in, v)
	rendered, err := h.Pages.Authorize(page)
	if err != nil {
		return reply.Failed("Rendering a page failed", "error", err.Error())
	}
	return reply.Page(v.status, rendered.HTML, rendered.Policy)
}

// showAccount fills in who is, or must be, logged in. The name of the person whom a request demands is shown only to who
// knows that person already: who has an ID token, or is logged in as that person. Otherwise the page is the same whether
// the person exists or not.
func (h *Handler) showAccount(page *web.AuthorizePage, in *interaction.Interaction, v view) {
	if !page.LoginRequired {
		page.UserName, page.Username = users.DisplayName(v.account.user), v.account.user.Username
		page.MaySwitch = in.Subject == ""
		return
	}
	known := in.Hinted || (v.account.session != nil && v.account.session.Subject == in.Subject)
	if in.Subject == "" || !known {
		return
	}
	if wanted := h.Users.BySubject(in.Subject); wanted != nil {
		page.UsernameFixed, page.Username = true, wanted.Username
	}
}
