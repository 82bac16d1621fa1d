package introspect

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
)

// inactive is all that is said of a token that is worth nothing to the caller (RFC 7662, section 2.2).
const inactive = `{"active":false}`

// token is what the backend says of a token.
type token struct {
	Active   bool   `json:"active"`
	Subject  string `json:"sub"`
	Username string `json:"username"`
	ClientID string `json:"client_id"`
	Type     string `json:"token_type"`

	value string
}

// refresh says whether it is a refresh token: one that authorizes no request has no type. A resource server would take it
// for an access token (RFC 7662, section 4).
func (t *token) refresh() bool { return t.Type == "" }

// content is what the caller hears. The backend does not know people: a token of one who may not use the server any more is
// not active, and the name of one who may is added. A token that a client got for itself has the client as its subject
// (RFC 9068, section 2.2). An answer that cannot be read is taken for an inactive one.
func (h *handler) content(ctx context.Context, call *clientcall.Call, content, client string) string {
	var t token
	members := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(content), &t) != nil || json.Unmarshal([]byte(content), &members) != nil || !t.Active {
		return inactive
	}
	if values, err := url.ParseQuery(call.Parameters); err == nil {
		t.value = values.Get("token")
	}
	if !h.concerns(ctx, &t, client) {
		return inactive
	}
	if t.Subject == "" {
		return encoded(members, "sub", t.ClientID)
	}
	user := h.Users.BySubject(t.Subject)
	switch {
	case user == nil:
		return inactive
	case t.Username != "":
		return content
	default:
		return encoded(members, "username", user.Username)
	}
}

// encoded encodes an object with a member more, if that has a value.
func encoded(members map[string]json.RawMessage, name, value string) string {
	text, err := json.Marshal(value)
	if err != nil {
		return inactive
	}
	if value != "" {
		members[name] = text
	}
	if text, err = json.Marshal(members); err != nil {
		return inactive
	}
	return string(text)
}

// concerns says whether a token may be described to a resource server, or to the client.
func (h *handler) concerns(ctx context.Context, t *token, client string) bool {
	if client == "" {
		return !t.refresh()
	}
	return h.owned(ctx, t, client)
}

// owned says whether a token is the client's own. The client may have another name here than when it got the token: number
// or alias. For access tokens the backend tells both.
func (h *handler) owned(ctx context.Context, t *token, client string) bool {
	if t.ClientID == "" || t.ClientID == client {
		return t.ClientID != ""
	}
	if t.refresh() {
		return false
	}
	response, err := h.Backend.Introspection(ctx, &authlete.IntrospectionRequest{Token: t.value})
	return err == nil && response.Usable && (response.ClientIDAlias == client || strconv.FormatInt(response.ClientID, 10) == client)
}
