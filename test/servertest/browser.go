package servertest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is a browser without scripts: it keeps cookies, follows redirects on the server and stops at the client's.
type Browser struct {
	// Forwarded is what a proxy in front of the server says in X-Forwarded-For of this browser; "" for no proxy.
	Forwarded string

	tb     testing.TB
	server *Server
	client *http.Client
}

// Page is what the browser shows, or where it was sent.
type Page struct {
	Status   int
	Header   http.Header
	Body     string
	Location *url.URL
}

// NewBrowser returns a browser without cookies.
func (s *Server) NewBrowser(tb testing.TB) *Browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	base := s.URL
	return &Browser{tb: tb, server: s, client: &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), base) {
			return nil
		}
		return http.ErrUseLastResponse
	}}}
}

// Get opens a page of the server.
func (b *Browser) Get(path string) Page {
	b.tb.Helper()
	return b.do(http.MethodGet, path, nil)
}

// Post posts a form to the server.
func (b *Browser) Post(path string, form url.Values) Page {
	b.tb.Helper()
	return b.do(http.MethodPost, path, form)
}

func (b *Browser) do(method, path string, form url.Values) Page {
	b.tb.Helper()
	request, err := http.NewRequestWithContext(b.tb.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.tb.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	if b.Forwarded != "" {
		request.Header.Set("X-Forwarded-For", b.Forwarded)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.tb.Fatal(err)
	}
	page := Page{Status: response.StatusCode, Header: response.Header, Body: string(body)}
	if location := response.Header.Get("Location"); location != "" {
		if page.Location, err = url.Parse(location); err != nil {
			b.tb.Fatal(err)
		}
	}
	return page
}

// Authorize opens the authorization endpoint with the parameters, those of the client "app" by default.
func (b *Browser) Authorize(parameters map[string]string) Page {
	b.tb.Helper()
	return b.Get("/api/authorization?" + Query(parameters).Encode())
}

// Query returns the parameters of an ordinary request, changed by those given; an empty value removes one.
func Query(parameters map[string]string) url.Values {
	values := url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {"https://app.example.com/callback"},
		"scope": {"openid profile email"}, "state": {"state-1"}, "nonce": {"nonce-1"},
	}
	for name, value := range parameters {
		values.Set(name, value)
		if value == "" {
			values.Del(name)
		}
	}
	return values
}

var interaction = regexp.MustCompile(`name="interaction" value="([^"]+)"`)

// Form returns the hidden state of a page's form.
func (p Page) Form(tb testing.TB) url.Values {
	tb.Helper()
	match := interaction.FindStringSubmatch(p.Body)
	if match == nil {
		tb.Fatalf("the page has no form: status %d\n%s", p.Status, p.Body)
	}
	return url.Values{"interaction": {html.UnescapeString(match[1])}}
}

// Submit submits the page's form with the fields.
func (b *Browser) Submit(page Page, fields map[string]string) Page {
	b.tb.Helper()
	form := page.Form(b.tb)
	for name, value := range fields {
		form.Set(name, value)
	}
	return b.Post("/api/authorization/decision", form)
}

// LogIn logs in as the user on the page and allows what it asks for.
func (b *Browser) LogIn(page Page, username string) Page {
	b.tb.Helper()
	return b.Submit(page, map[string]string{"username": username, "password": Password, "authorized": "yes"})
}

// Parameter returns a parameter of the response to the client.
func (p Page) Parameter(tb testing.TB, name string) string {
	tb.Helper()
	if p.Location == nil {
		tb.Fatalf("the browser was not sent back to the client: status %d\n%s", p.Status, p.Body)
	}
	return p.Location.Query().Get(name)
}
