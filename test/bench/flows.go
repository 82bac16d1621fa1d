package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// codeStock is how many codes are made before their exchange is measured.
const codeStock = 20_000

// introspection measures RFC 7662 requests for a valid token.
func (b *bench) introspection(ctx context.Context, storage string, t *target, p *process, client *authlete.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.public+"/api/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("app", client.ClientSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	header := http.Header{"Authorization": {basic("api", callerSecret)}}
	next := repeated(wire(http.MethodPost, "/api/introspection", "token="+answer.AccessToken, header))
	return b.report(ctx, storage+": introspection", t.public, p, next)
}

// browser is logged in after login.
type browser struct {
	client *http.Client
	base   string
	query  string
}

func newBrowser(t *target) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	query := url.Values{"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid"}, "nonce": {"n"}}
	return &browser{
		client: &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base:   "http://" + t.public, query: "/api/authorization?" + query.Encode(),
	}, nil
}

var interaction = regexp.MustCompile(`name="interaction" value="([^"]+)"`)

// login opens the page and submits it.
func (br *browser) login(ctx context.Context) error {
	page, _, err := br.get(ctx)
	if err != nil {
		return err
	}
	match := interaction.FindStringSubmatch(page)
	if match == nil {
		return errors.New("the page has no form")
	}
	form := url.Values{"interaction": {html.UnescapeString(match[1])}, "username": {"alice"}, "password": {userPassword}, "authorized": {"yes"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, br.base+"/api/authorization/decision", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := br.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("login: status %d", response.StatusCode)
	}
	return nil
}

// get opens the authorization endpoint.
func (br *browser) get(ctx context.Context) (page string, location *url.URL, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, br.base+br.query, http.NoBody)
	if err != nil {
		return "", nil, err
	}
	response, err := br.client.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	location, _ = response.Location() // absent on pages
	body, err := io.ReadAll(response.Body)
	return string(body), location, err
}

// codes measures the exchange of codes for tokens with an ES256 ID token.
func (b *bench) codes(ctx context.Context, storage string, t *target, p *process, client *authlete.Client) error {
	br, err := newBrowser(t)
	if err != nil {
		return err
	}
	if err := br.login(ctx); err != nil {
		return err
	}
	stock := codeStock
	if storage != "memory" {
		stock /= 4
	}
	header := http.Header{"Authorization": {basic("app", client.ClientSecret)}}
	var all [][]byte
	for range stock {
		_, location, err := br.get(ctx)
		if err != nil {
			return err
		}
		if location == nil {
			return errors.New("the session does not give codes")
		}
		form := url.Values{"grant_type": {"authorization_code"}, "code": {location.Query().Get("code")}, "redirect_uri": {redirect}}
		all = append(all, wire(http.MethodPost, "/api/token", form.Encode(), header))
	}
	return b.reportCold(ctx, storage+": code exchange, ES256 ID token", t.public, p, drained(all))
}

// logins measures logins, page included.
func (b *bench) logins(ctx context.Context, storage string, t *target, p *process) error {
	before, began, count := p.cpu(), time.Now(), 0
	for time.Since(began) < b.duration {
		br, err := newBrowser(t)
		if err != nil {
			return err
		}
		if err := br.login(ctx); err != nil {
			return err
		}
		count++
	}
	cpu := float64((p.cpu() - before).Microseconds()) / 1000 / float64(count)
	fmt.Printf("%-44s %10.0f %12.4f\n", storage+": login (argon2id), one after the other", float64(count)/time.Since(began).Seconds(), cpu)
	return nil
}
