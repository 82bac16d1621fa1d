package reply

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// ServeHTTP answers a request by itself, without the middleware that logs it.
func (e Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	Write(w, r, e(r).Render(r, FailureJSON))
}

// Write sends an answer whose content has been rendered, and returns the status that it has.
func Write(w http.ResponseWriter, r *http.Request, a Answer) int {
	header := w.Header()
	status := a.setHeaders(header, r.Method)
	if a.ContentType == "" {
		if status != http.StatusNoContent {
			header["Content-Length"] = noContent
		}
		w.WriteHeader(status)
		return status
	}
	if a.ContentType == JSON {
		header["Content-Type"] = jsonContent
	} else {
		header["Content-Type"] = []string{a.ContentType}
	}
	// The client is gone if writing fails.
	if a.Document != nil {
		header["Content-Length"] = []string{strconv.Itoa(len(a.Document))}
		w.WriteHeader(status)
		_, _ = w.Write(a.Document)
		return status
	}
	header["Content-Length"] = []string{strconv.Itoa(len(a.Content))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, a.Content)
	return status
}

// setHeaders sets all headers but those of the content, and returns the status.
func (a *Answer) setHeaders(header http.Header, method string) int {
	status := a.Status
	if a.Cache != "" {
		header["Cache-Control"] = []string{a.Cache}
	} else { // RFC 6749, section 5.1
		header["Cache-Control"] = noStore
		header["Pragma"] = noCache
	}
	if a.Location != "" {
		// http.Redirect would clean the path of the URL, which must arrive as registered. net/http takes line ends out.
		header.Set("Location", a.Location)
		status = http.StatusFound
		if method == http.MethodPost {
			status = http.StatusSeeOther
		}
	}
	set(header, "WWW-Authenticate", a.Challenge)
	set(header, "DPoP-Nonce", a.DPoPNonce)
	set(header, "OAuth-Client-Attestation-Challenge", a.AttestationChallenge)
	set(header, "Allow", a.Allow)
	set(header, "Content-Security-Policy", a.Policy)
	if a.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(a.RetryAfter/time.Second)))
	}
	if a.Preflight != nil {
		header.Set("Access-Control-Allow-Methods", a.Preflight.Methods)
		header.Set("Access-Control-Allow-Headers", a.Preflight.Headers)
		header.Set("Access-Control-Max-Age", "600")
	}
	for _, cookie := range a.Cookies {
		if text := cookie.String(); text != "" {
			header.Add("Set-Cookie", text)
		}
	}
	return status
}

// set sets a header that has a value.
func set(header http.Header, name, value string) {
	if value != "" {
		header.Set(name, value)
	}
}

// Header values that are shared between responses; net/http does not change them.
//
//nolint:gochecknoglobals // constants in the form that http.Header takes
var (
	noStore     = []string{"no-store"}
	noCache     = []string{"no-cache"}
	noContent   = []string{"0"}
	jsonContent = []string{JSON}
)
