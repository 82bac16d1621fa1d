package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

//go:embed assets/style.css
var styleSheet string

//go:embed templates/*.html
var templateFiles embed.FS

// imagePart allows logos, which lie anywhere.
const imagePart = "img-src https: data:"

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

// Page is a rendered page and the Content-Security-Policy that it needs.
type Page struct{ HTML, Policy string }

// Authorize renders the page.
func (rd *Renderer) Authorize(page AuthorizePage) (Page, error) {
	policy := []string{
		"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'",
		strings.TrimSpace("form-action 'self' " + destinations(page.RedirectURI)),
	}
	return rd.render(policy, "authorize.html", page)
}

// Message renders the page.
func (rd *Renderer) Message(page MessagePage) (Page, error) {
	policy := []string{"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"}
	return rd.render(policy, "message.html", page)
}

// FormPost is the page that a backend made for the action FORM. Only its one known script may run.
func (rd *Renderer) FormPost(html string) Page {
	policy := []string{"default-src 'none'", rd.scriptPart, "base-uri 'none'", "frame-ancestors 'none'"}
	return Page{HTML: html, Policy: strings.Join(policy, "; ")}
}

func (rd *Renderer) render(policy []string, name string, data any) (Page, error) {
	var buffer strings.Builder
	if err := rd.templates.ExecuteTemplate(&buffer, name, data); err != nil {
		return Page{}, fmt.Errorf("rendering %s: %w", name, err)
	}
	return Page{HTML: buffer.String(), Policy: strings.Join(policy, "; ")}, nil
}

// destinations are the sources that form-action must allow beside our own. Chrome applies it to every redirect that
// follows a form: the one to the client, and those by which the client goes on, wherever they lead. The origin of the
// client alone would break the clients whose redirect URI lies on another host than their pages.
func destinations(redirectURI string) string {
	parsed, err := url.Parse(redirectURI)
	if err != nil || parsed.Scheme == "" || strings.ContainsAny(redirectURI, "; ,'\"") {
		return ""
	}
	scheme := parsed.Scheme + ":"
	// A source cannot be an IPv6 address (Content Security Policy Level 3, section 2.3.1).
	if (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" || strings.Contains(parsed.Host, "[") {
		return scheme
	}
	return parsed.Scheme + "://" + parsed.Host + " " + scheme
}
