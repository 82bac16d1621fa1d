package session

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

const (
	// refreshAfter is how old the last-seen time may get before the cookie is written again.
	refreshAfter = time.Minute
	// maxConsents bounds the cookie.
	maxConsents = 24
	// fingerprintSize is in bytes.
	fingerprintSize = 9
)

// Session is a login of a person in a browser.
type Session struct {
	// ID is new at every login.
	ID string `json:"id"`
	// Subject is who logged in.
	Subject string `json:"sub"`
	// AuthTime and LastSeen are in seconds since the epoch.
	AuthTime int64 `json:"at"`
	LastSeen int64 `json:"seen"`
	// Password is a fingerprint of the password hash: a changed password ends the session.
	Password string `json:"pw"`
	// Consents are fingerprints of what the person allowed in this session.
	Consents []string `json:"ok,omitempty"`
}

// Users finds people by subject.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// Options configure Cookies.
type Options struct {
	Sealer *Sealer
	Users  Users
	// Issuer tells the cookies of this server from those of others on the same host: cookies know neither ports nor, with
	// the __Host- prefix, paths.
	Issuer string
	// Secure marks the cookies as for HTTPS only.
	Secure bool
	// Idle and Absolute end a session.
	Idle, Absolute time.Duration
	Clock          func() time.Time
}

// Cookies keeps sessions in browsers.
type Cookies struct {
	opts                                  Options
	sessionName, browserName, historyName string
}

// NewCookies returns Cookies. On HTTPS the names carry the __Host- prefix, which ties a cookie to this very host.
func NewCookies(opts Options) *Cookies {
	prefix := ""
	if opts.Secure {
		prefix = "__Host-"
	}
	suffix := "_" + fingerprint(opts.Issuer)
	return &Cookies{
		opts: opts, sessionName: prefix + "authserver_session" + suffix, browserName: prefix + "authserver_browser" + suffix,
		historyName: prefix + "authserver_history" + suffix,
	}
}

// New starts a session of a user who has just logged in.
func (c *Cookies) New(user *configv1alpha1.User) *Session {
	now := c.opts.Clock().Unix()
	return &Session{ID: random(16), Subject: user.Subject, AuthTime: now, LastSeen: now, Password: fingerprint(user.PasswordHash)}
}

// Current returns the browser's session and its user; nil if there is none that still counts.
func (c *Cookies) Current(r *http.Request) (*Session, *configv1alpha1.User) {
	cookie, err := r.Cookie(c.sessionName)
	if err != nil {
		return nil, nil
	}
	session := &Session{}
	if c.opts.Sealer.Open(PurposeSession, cookie.Value, session) != nil {
		return nil, nil
	}
	now := c.opts.Clock()
	if now.Sub(time.Unix(session.LastSeen, 0)) > c.opts.Idle || now.Sub(time.Unix(session.AuthTime, 0)) > c.opts.Absolute {
		return nil, nil
	}
	user := c.opts.Users.BySubject(session.Subject)
	if user == nil || subtle.ConstantTimeCompare([]byte(fingerprint(user.PasswordHash)), []byte(session.Password)) != 1 {
		return nil, nil
	}
	return session, user
}

// Touch notes that the session was used. It returns the cookie to set at most once a minute, nil otherwise.
func (c *Cookies) Touch(session *Session) (*http.Cookie, error) {
	now := c.opts.Clock().Unix()
	if now-session.LastSeen < int64(refreshAfter/time.Second) {
		return nil, nil //nolint:nilnil // there is nothing to set
	}
	session.LastSeen = now
	return c.Cookie(session)
}

// Cookie is the session as the browser keeps it.
func (c *Cookies) Cookie(session *Session) (*http.Cookie, error) {
	value, err := c.opts.Sealer.Seal(PurposeSession, session)
	if err != nil {
		return nil, err
	}
	return c.cookie(c.sessionName, value), nil
}

// HasCookies says whether the browser sent any cookie of this server. It does not with a request that another site
// posted, because the cookies are SameSite=Lax.
func (c *Cookies) HasCookies(r *http.Request) bool {
	_, err := r.Cookie(c.sessionName)
	return err == nil || c.KnownBrowser(r) != ""
}

// Browser returns a random value that stays with this browser and binds forms to it. A browser that has none yet must be
// sent the cookie; it is nil otherwise.
func (c *Cookies) Browser(r *http.Request) (value string, cookie *http.Cookie) {
	if value := c.KnownBrowser(r); value != "" {
		return value, nil
	}
	value = random(16)
	return value, c.cookie(c.browserName, value)
}

// SameBrowser says whether the request comes from the browser that has the value.
func (c *Cookies) SameBrowser(r *http.Request, value string) bool {
	known := c.KnownBrowser(r)
	return known != "" && subtle.ConstantTimeCompare([]byte(known), []byte(value)) == 1
}

// KnownBrowser returns the value of Browser, or "" if the browser sent none.
func (c *Cookies) KnownBrowser(r *http.Request) string {
	cookie, err := r.Cookie(c.browserName)
	if err != nil || len(cookie.Value) < 16 || len(cookie.Value) > 64 {
		return ""
	}
	return cookie.Value
}

func (c *Cookies) cookie(name, value string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure follows the scheme of the issuer
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.opts.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// Remember notes a consent; the oldest make room.
func (s *Session) Remember(consent string) {
	if s.Allowed(consent) {
		return
	}
	s.Consents = append(s.Consents, consent)
	if excess := len(s.Consents) - maxConsents; excess > 0 {
		s.Consents = slices.Delete(s.Consents, 0, excess)
	}
}

// Allowed says whether the consent was given in this session.
func (s *Session) Allowed(consent string) bool { return slices.Contains(s.Consents, consent) }

// Consent is the fingerprint of what a client asks for: lists of scopes, of claims, and of what else there is. Order and
// repetition within a list do not matter.
func Consent(client string, asked ...[]string) string {
	text := []byte(strconv.Quote(client))
	for _, names := range asked {
		text = append(text, ';')
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			text = strconv.AppendQuote(text, name) // names from the claims parameter may hold anything
		}
	}
	return fingerprint(string(text))
}

// fingerprint tells texts apart in little room: 72 bits.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:fingerprintSize])
}

// random returns size random bytes in base64url. crypto/rand ends the program where it cannot deliver.
func random(size int) string {
	buf := make([]byte, size)
	_, _ = rand.Read(buf)
	return base64.RawURLEncoding.EncodeToString(buf)
}
