package web

import (
	"html"
	"html/template"
	"net"
	"net/url"
	"strings"
)

// Service is what pages show of the service.
type Service struct {
	Name, LogoURI, PolicyURI, TosURI string
}

// Client is what pages show of the application that asks.
type Client struct {
	Name, Description                   string
	LogoURI, HomeURI, PolicyURI, TosURI string
}

// Scope is a permission as the page shows it.
type Scope struct{ Name, Description string }

// Detail is something that the application asks for beyond permissions and information, e.g. a payment.
type Detail struct {
	Title string
	Lines []string
}

// AuthorizePage is the page with login fields, permissions and the decision.
type AuthorizePage struct {
	Service Service
	Client  Client
	// Action is where the form goes, Interaction its hidden state, Problem what went wrong the last time.
	Action, Interaction, Problem string
	// RedirectURI is where the person will be sent.
	RedirectURI string
	Scopes      []Scope
	Claims      []string
	Details     []Detail
	// Consent says that permission is asked for; else the page is for logging in or for choosing an account only.
	Consent bool
	// LoginRequired shows the login fields; else UserName is who is logged in, with the login ID Username.
	LoginRequired, UsernameFixed, MaySwitch bool
	Username, UserName                      string
}

// Title says what the page asks for.
func (p AuthorizePage) Title() string {
	switch {
	case p.Consent:
		return p.Client.Name + " asks for access"
	case p.LoginRequired:
		return "Log in to " + p.Client.Name
	default:
		return "Continue to " + p.Client.Name
	}
}

// Yes is what the button says that agrees.
func (p AuthorizePage) Yes() string {
	switch {
	case p.Consent:
		return "Authorize"
	case p.LoginRequired:
		return "Log in"
	default:
		return "Continue"
	}
}

// No is what the button says that refuses.
func (p AuthorizePage) No() string {
	if p.Consent {
		return "Deny"
	}
	return "Cancel"
}

// Destination is where the person will be sent, as the page names it.
func (p AuthorizePage) Destination() string {
	parsed, err := url.Parse(p.RedirectURI)
	switch {
	case err != nil || p.RedirectURI == "":
		return ""
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return "an application on this device (" + parsed.Scheme + ")" // RFC 8252, section 7.1
	case isLoopback(parsed.Hostname()):
		return "an application on this device (" + parsed.Host + ")" // RFC 8252, section 7.3
	default:
		return parsed.Host
	}
}

// ClaimNames are the claims as people call them.
func (p AuthorizePage) ClaimNames() []string {
	names := make([]string, 0, len(p.Claims))
	for _, claim := range p.Claims {
		names = append(names, claimName(claim))
	}
	return names
}

// claimName is what people call a claim (OpenID Connect Core 1.0, section 5.1). Others go by the name that they have.
func claimName(claim string) string {
	base, tag, tagged := strings.Cut(claim, "#")
	name, known := map[string]string{
		"name": "Full name", "given_name": "Given name", "family_name": "Family name", "middle_name": "Middle name",
		"nickname": "Nickname", "preferred_username": "User name", "profile": "Profile page", "picture": "Picture",
		"website": "Website", "email": "Email address", "email_verified": "Whether the email address is verified",
		"gender": "Gender", "birthdate": "Date of birth", "zoneinfo": "Time zone", "locale": "Language",
		"phone_number": "Phone number", "phone_number_verified": "Whether the phone number is verified",
		"address": "Postal address", "updated_at": "Time of the last change", "groups": "Groups",
	}[base]
	switch {
	case !known:
		return claim
	case tagged:
		return name + " (" + tag + ")"
	default:
		return name
	}
}

// MessagePage says one thing, e.g. that a page has expired.
type MessagePage struct {
	Service             Service
	Title, Text, Detail string
	// Reference leads an administrator to the line in the log.
	Reference string
	// BackURI leads to the application BackName; both may be empty.
	BackURI, BackName string
}

// FormPostPage sends the parameters of a response to the client by a form.
type FormPostPage struct {
	Service Service
	// Action is where the form goes.
	Action string
	Fields []Field
}

// Field is a parameter of a response.
type Field struct{ Name, Value string }

// Add adds an input of a form, unless it is a button.
func (p *FormPostPage) Add(kind, name, value string) {
	switch strings.ToLower(kind) {
	case "submit", "button", "image", "reset":
		return
	}
	if name != "" {
		p.Fields = append(p.Fields, Field{name, value})
	}
}

// ActionAttribute is where the form goes, to the byte: templates would write some characters of the URL differently.
func (p FormPostPage) ActionAttribute() template.HTMLAttr {
	return template.HTMLAttr(`action="` + html.EscapeString(p.Action) + `"`) //nolint:gosec // it is escaped here
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
