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

// Authorize writes the page.
func (rd *Renderer) Authorize(w http.ResponseWriter, status int, page AuthorizePage) error {
	policy := []string{
		"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'",
		strings.TrimSpace("form-action 'self' " + destinations(page.RedirectURI)),
	}
	return rd.write(w, status, policy, "authorize.html", page)
}

// Message writes the page.
func (rd *Renderer) Message(w http.ResponseWriter, status int, page MessagePage) error {
	policy := []string{"default-src 'none'", rd.stylePart, imagePart, "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"}
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
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser is gone if this fails
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
