package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

//go:embed assets/style.css
var styleSheet string

//go:embed templates/*.html
var templateFiles embed.FS

// imagePart allows logos, which lie anywhere.
const imagePart = "img-src https: data:"

// formPostScript sends the form of a response.
const formPostScript = "document.forms[0].submit()"

// Renderer renders pages.
type Renderer struct {
	templates  *template.Template
	stylePart  string
	scriptPart string
}

// NewRenderer parses the templates.
func NewRenderer() (*Renderer, error) {
	functions := template.FuncMap{
		"style":      func() template.CSS { return template.CSS(styleSheet) },   //nolint:gosec // our own file
		"sendScript": func() template.JS { return template.JS(formPostScript) }, //nolint:gosec // our own constant
	}
	templates, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing page templates: %w", err)
	}
	return &Renderer{templates: templates, stylePart: "style-src " + hash(styleSheet), scriptPart: "script-src " + hash(formPostScript)}, nil
}

// hash is a source expression of Content Security Policy Level 3.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Page is a rendered page and the Content-Security-Policy that it needs.
type Page struct{ HTML, Policy string }

// Authorize renders the page.
//
// Its policy says nothing of where forms go. What form-action would protect from is a form that somebody else put into the
// page; nobody can, since the templates escape what is not ours and no script runs. And Chromium holds every redirect that
// follows the form to it: the one to the client, and those by which the client goes on, wherever they lead, a command line
// tool on http://localhost or a native application included. No list can name them.
func (rd *Renderer) Authorize(page AuthorizePage) (Page, error) {
	return rd.render([]string{"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'"}, "authorize.html", page)
}

// Message renders the page.
func (rd *Renderer) Message(page MessagePage) (Page, error) {
	policy := []string{"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"}
	return rd.render(policy, "message.html", page)
}

// FormPost renders the page that sends a response to the client by a form. Its one script presses the button.
func (rd *Renderer) FormPost(page FormPostPage) (Page, error) {
	policy := []string{"default-src 'none'", rd.stylePart, rd.scriptPart, imagePart, "base-uri 'none'", "frame-ancestors 'none'"}
	return rd.render(policy, "formpost.html", page)
}

func (rd *Renderer) render(policy []string, name string, data any) (Page, error) {
	var buffer strings.Builder
	if err := rd.templates.ExecuteTemplate(&buffer, name, data); err != nil {
		return Page{}, fmt.Errorf("rendering %s: %w", name, err)
	}
	return Page{HTML: buffer.String(), Policy: strings.Join(policy, "; ")}, nil
}
