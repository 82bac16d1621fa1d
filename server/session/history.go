package session

import (
	"net/http"
	"slices"
	"time"
)

const (
	// maxHistory bounds how many people a browser is remembered for.
	maxHistory = 8
	// historyAge is how long a browser is remembered. Browsers keep no cookie for longer than 400 days.
	historyAge = 400 * 24 * time.Hour
)

// History says who logged in with a browser before. A browser with a history is not slowed down by what strangers do to the
// accounts in it; it opens nothing by itself.
type History struct {
	// ID is random and stays with the browser; "" if nobody has logged in there.
	ID string `json:"id"`
	// Subjects are who logged in there, the last one at the end.
	Subjects []string `json:"sub"`
}

// History returns the browser's history; the zero value if it has none.
func (c *Cookies) History(r *http.Request) History {
	cookie, err := r.Cookie(c.historyName)
	if err != nil {
		return History{}
	}
	history := History{}
	if c.opts.Sealer.Open(PurposeHistory, cookie.Value, &history) != nil {
		return History{}
	}
	return history
}

// HistoryCookie returns the cookie that adds a login of the subject to a history.
func (c *Cookies) HistoryCookie(history History, subject string) (*http.Cookie, error) {
	if history.ID == "" {
		history.ID = random(16)
	}
	others := slices.DeleteFunc(slices.Clone(history.Subjects), func(other string) bool { return other == subject })
	if excess := len(others) - (maxHistory - 1); excess > 0 {
		others = others[excess:]
	}
	others = append(others, subject)
	history.Subjects = others
	value, err := c.opts.Sealer.Seal(PurposeHistory, history)
	if err != nil {
		return nil, err
	}
	cookie := c.cookie(c.historyName, value) //nolint:gosec // it is marked as the other cookies are
	cookie.MaxAge = int(historyAge / time.Second)
	return cookie, nil
}
