package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

//go:embed assets/style.css
var styleSheet string

//go:embed templates/*.html
var templateFiles embed.FS

// Scope is a permission as the page shows it.
type Scope struct{ Name, Description string }

// AuthorizePage is the page with login fields, permissions and the decision.
type AuthorizePage struct {
	Title, ServiceName                       string
	ClientName, Description                  string
	LogoURI, ClientURI, PolicyURI, TosURI    string
	Action, Interaction, Problem, RedirectTo string
	Scopes                                   []Scope
	Claims                                   []string
	// Consent says that permission is asked for; else the page is for logging in only.
	Consent bool
	// LoginRequired shows the login fields; else UserName is who is logged in.
	LoginRequired, UsernameFixed, MaySwitch bool
	Username, UserName                      string
}

// RedirectHost is where the person will be sent, as the page names it.
func (p AuthorizePage) RedirectHost() string {
	parsed, err := url.Parse(p.RedirectTo)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// MessagePage says one thing, e.g. that a page has expired.
type MessagePage struct {
	Title, ServiceName, Text, Detail, BackURI string
}

// Renderer renders pages.
type Renderer struct {
	templates  *template.Template
	stylePart  string
	scriptPart string
}

// NewRenderer parses the templates.
func NewRenderer() (*Renderer, error) {
	functions := template.FuncMap{"style": func() template.CSS { return template.CSS(styleSheet) }} //nolint:gosec // our own file
	templates, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing page templates: %w", err)
	}
	return &Renderer{templates: templates, stylePart: "style-src " + hash(styleSheet), scriptPart: "script-src " + hash(authlete.FormPostScript)}, nil
}

// hash is a source expression of Content Security Policy Level 3.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Authorize writes the page. Browsers apply form-action to the redirect that follows a form too, so that the policy
// names where it will go.
func (rd *Renderer) Authorize(w http.ResponseWriter, status int, page AuthorizePage) error {
	policy := []string{
		"default-src 'none'", rd.stylePart, "img-src https: data:", "base-uri 'none'", "frame-ancestors 'none'",
		"form-action 'self' " + origin(page.RedirectTo),
	}
	return rd.write(w, status, policy, "authorize.html", page)
}

// Message writes the page.
func (rd *Renderer) Message(w http.ResponseWriter, status int, page MessagePage) error {
	policy := []string{"default-src 'none'", rd.stylePart, "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"}
	return rd.write(w, status, policy, "message.html", page)
}

// FormPost writes the page that a backend made for the action FORM. Only its one known script may run.
func (rd *Renderer) FormPost(w http.ResponseWriter, html string) {
	policy := []string{"default-src 'none'", rd.scriptPart, "base-uri 'none'", "frame-ancestors 'none'"}
	send(w, http.StatusOK, policy, []byte(html))
}

// write renders the whole page before it sends anything.
func (rd *Renderer) write(w http.ResponseWriter, status int, policy []string, name string, data any) error {
	var buffer bytes.Buffer
	if err := rd.templates.ExecuteTemplate(&buffer, name, data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	send(w, status, policy, buffer.Bytes())
	return nil
}

func send(w http.ResponseWriter, status int, policy []string, body []byte) {
	header := w.Header()
	header.Set("Content-Security-Policy", strings.Join(policy, "; "))
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser is gone if this fails
}

// origin returns the origin of a redirect URI, or its scheme where it has no host (private-use schemes).
func origin(uri string) string {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme == "" || strings.ContainsAny(uri, "; ,'") {
		return ""
	}
	if parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return parsed.Scheme + ":"
	}
	return parsed.Scheme + "://" + parsed.Host
}
