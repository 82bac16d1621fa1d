// Package login logs a person in as a browser would, through client libraries
// that this project did not write: x/oauth2 for the protocol, go-oidc for the
// verification of the ID token.
package login

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Options describe a login.
type Options struct {
	Issuer, ClientID, ClientSecret, RedirectURI string
	Username, Password                          string
	Scopes                                      []string
	// Deny presses "Deny" instead of "Authorize".
	Deny bool
	// Transport carries the requests; the default one if nil.
	Transport http.RoundTripper
	// Step is told what happens; may be nil.
	Step func(format string, args ...any)
}

// Result is a successful login.
type Result struct {
	Tokens  *oauth2.Token
	IDToken *oidc.IDToken
	// RawIDToken is the ID token as it came.
	RawIDToken string
	Claims     map[string]any
	Provider   *oidc.Provider
	Config     *oauth2.Config
}

// AuthorizationError is a refusal that came back to the client.
type AuthorizationError struct{ Code, Description string }

// Error returns code and description.
func (e *AuthorizationError) Error() string { return e.Code + ": " + e.Description }

// ErrPage means that the server showed the login page again, or another page, instead of going on.
var ErrPage = errors.New("the server did not accept the login")

// Context returns a context whose requests use the transport.
func Context(ctx context.Context, transport http.RoundTripper) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Transport: transport})
}

// Run logs in.
func Run(ctx context.Context, opts Options) (*Result, error) {
	if opts.Step == nil {
		opts.Step = func(string, ...any) {}
	}
	if opts.Transport == nil {
		opts.Transport = http.DefaultTransport
	}
	ctx = Context(ctx, opts.Transport)
	provider, err := oidc.NewProvider(ctx, opts.Issuer)
	if err != nil {
		return nil, fmt.Errorf("reading the discovery document: %w", err)
	}
	opts.Step("discovery     %s/.well-known/openid-configuration", opts.Issuer)
	config := &oauth2.Config{
		ClientID: opts.ClientID, ClientSecret: opts.ClientSecret, RedirectURL: opts.RedirectURI, Endpoint: provider.Endpoint(),
		Scopes: append([]string{oidc.ScopeOpenID}, opts.Scopes...),
	}
	state, nonce, verifier := random(), random(), oauth2.GenerateVerifier()
	code, err := authorize(ctx, opts, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), state)
	if err != nil {
		return nil, err
	}
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, fmt.Errorf("redeeming the code: %w", err)
	}
	opts.Step("token         code redeemed with PKCE, %s token for %s", tokens.TokenType, tokens.Extra("scope"))
	return verify(ctx, opts, &Result{Tokens: tokens, Provider: provider, Config: config}, nonce)
}

// verify checks the ID token: signature, issuer, audience, expiry, nonce and at_hash.
func verify(ctx context.Context, opts Options, result *Result, nonce string) (*Result, error) {
	raw, ok := result.Tokens.Extra("id_token").(string)
	if !ok {
		return nil, errors.New("the token response has no ID token")
	}
	idToken, err := result.Provider.Verifier(&oidc.Config{ClientID: opts.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("verifying the ID token: %w", err)
	}
	if idToken.Nonce != nonce {
		return nil, errors.New("verifying the ID token: the nonce differs")
	}
	if err := idToken.VerifyAccessToken(result.Tokens.AccessToken); err != nil {
		return nil, fmt.Errorf("verifying at_hash: %w", err)
	}
	if err := idToken.Claims(&result.Claims); err != nil {
		return nil, err
	}
	opts.Step("verified      signature, issuer, audience, expiry, nonce and at_hash of the ID token")
	result.IDToken, result.RawIDToken = idToken, raw
	return result, nil
}

var (
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	formState   = regexp.MustCompile(`name="interaction" value="([^"]+)"`)
	formProblem = regexp.MustCompile(`role="alert"[^>]*>([^<]*)<`)
)

// authorize plays the browser and the person in it, and returns the code.
func authorize(ctx context.Context, opts Options, start, state string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Transport: opts.Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), opts.RedirectURI) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, location, err := open(ctx, browser, start, nil)
	if err != nil {
		return "", err
	}
	if location == nil {
		if page, location, err = decide(ctx, opts, browser, page); err != nil {
			return "", err
		}
	}
	if location == nil {
		problem := formProblem.FindStringSubmatch(page)
		if problem == nil {
			return "", ErrPage
		}
		return "", fmt.Errorf("%w: %s", ErrPage, html.UnescapeString(problem[1]))
	}
	return read(location.Query(), state)
}

// decide fills in the page's form and presses a button.
func decide(ctx context.Context, opts Options, browser *http.Client, page string) (string, *url.URL, error) {
	action, interaction := formAction.FindStringSubmatch(page), formState.FindStringSubmatch(page)
	if action == nil || interaction == nil {
		return "", nil, fmt.Errorf("%w: it shows no form", ErrPage)
	}
	target, err := url.Parse(opts.Issuer)
	if err != nil {
		return "", nil, err
	}
	target.Path = html.UnescapeString(action[1])
	form := url.Values{"interaction": {html.UnescapeString(interaction[1])}, "username": {opts.Username}, "password": {opts.Password}}
	if opts.Deny {
		form.Set("denied", "yes")
		opts.Step("page          pressing Deny")
	} else {
		form.Set("authorized", "yes")
		opts.Step("page          logging in as %s and pressing Authorize", opts.Username)
	}
	return open(ctx, browser, target.String(), form)
}

// open gets, or posts a form, and returns the page or where the client is to go.
func open(ctx context.Context, browser *http.Client, target string, form url.Values) (string, *url.URL, error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, err
	}
	request.Header.Set("Accept", "text/html")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	if err != nil {
		return "", nil, fmt.Errorf("opening a page: %w", err)
	}
	defer response.Body.Close()
	if location, err := response.Location(); err == nil {
		return "", location, nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return string(body), nil, err
}

// read takes the code out of the response to the client.
func read(query url.Values, state string) (string, error) {
	if query.Get("state") != state {
		return "", errors.New("the response to the client has another state")
	}
	if code := query.Get("error"); code != "" {
		return "", &AuthorizationError{Code: code, Description: query.Get("error_description")}
	}
	return query.Get("code"), nil
}

func random() string {
	buf := make([]byte, 16)
	_, _ = rand.Read(buf) // crypto/rand ends the program where it cannot deliver
	return base64.RawURLEncoding.EncodeToString(buf)
}
