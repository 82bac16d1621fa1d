package introspect

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/clientcall"
	"github.com/authserver-dev/operator/server/config"
	"github.com/authserver-dev/operator/server/livefile"
	"github.com/authserver-dev/operator/server/reply"
)

// Callers knows who may introspect.
type Callers struct {
	secrets *livefile.Value[map[string][sha256.Size]byte]
}

// OpenCallers reads the callers' secret files.
func OpenCallers(callers []configv1alpha1.IntrospectionCaller, log *slog.Logger) (*Callers, error) {
	paths := make([]string, 0, len(callers))
	for _, caller := range callers {
		paths = append(paths, caller.SecretFile)
	}
	secrets, err := livefile.Open(livefile.Options[map[string][sha256.Size]byte]{
		Name: "introspection callers", Paths: paths, Log: log, Load: func() (map[string][sha256.Size]byte, error) { return load(callers) },
	})
	if err != nil {
		return nil, err
	}
	return &Callers{secrets: secrets}, nil
}

func load(callers []configv1alpha1.IntrospectionCaller) (map[string][sha256.Size]byte, error) {
	digests := map[string][sha256.Size]byte{}
	for _, caller := range callers {
		secret, err := config.ReadSecret(caller.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("secret of introspection caller %q: %w", caller.Name, err)
		}
		digests[caller.Name] = sha256.Sum256([]byte(secret))
	}
	return digests, nil
}

// Run keeps the secrets up to date until the context ends.
func (c *Callers) Run(ctx context.Context) { c.secrets.Run(ctx) }

// Healthy says whether the secrets could be read the last time.
func (c *Callers) Healthy() bool { return c.secrets.Healthy() }

// authentic compares digests, so that neither the content nor the length of a secret shows in the time it takes.
func (c *Callers) authentic(credentials clientcall.Credentials) bool {
	want, known := c.secrets.Get()[credentials.User]
	presented := sha256.Sum256([]byte(credentials.Password))
	return subtle.ConstantTimeCompare(want[:], presented[:]) == 1 && known
}

// Users finds people who may use the server.
type Users interface {
	BySubject(subject string) *configv1alpha1.User
}

// handler serves the endpoint.
type handler struct {
	backend authlete.IntrospectionAPI
	callers *Callers
	users   Users
	calls   clientcall.Reader
	table   reply.Table[authlete.StandardIntrospectionAction]
}

// New returns the endpoint.
func New(backend authlete.IntrospectionAPI, callers *Callers, users Users) reply.Endpoint {
	h := &handler{
		backend: backend, callers: callers, users: users, calls: clientcall.NewReader("introspection", clientcall.Binding{}),
		table: reply.Table[authlete.StandardIntrospectionAction]{
			Call: "auth/introspection/standard", Rules: map[authlete.StandardIntrospectionAction]reply.Rule{
				authlete.StandardIntrospectionOK:                  {Status: http.StatusOK, ContentType: reply.JSON},
				authlete.StandardIntrospectionJWT:                 {Status: http.StatusOK, ContentType: "application/token-introspection+jwt"},
				authlete.StandardIntrospectionBadRequest:          {Status: http.StatusBadRequest, ContentType: reply.JSON},
				authlete.StandardIntrospectionInternalServerError: {Status: http.StatusInternalServerError, ContentType: reply.JSON},
			},
		},
	}
	return h.answer
}

// answer answers an introspection request.
func (h *handler) answer(r *http.Request) reply.Answer {
	call, refusal := h.calls.Read(r)
	if refusal != nil {
		return *refusal
	}
	if !call.Authentic(h.callers.authentic) {
		return call.Unauthorized("The caller is not known or its secret is wrong.")
	}
	response, err := h.backend.StandardIntrospection(r.Context(), &authlete.StandardIntrospectionRequest{Parameters: call.Parameters})
	if err != nil {
		return call.Complete(reply.FailedBackend(err))
	}
	content := response.ResponseContent
	if response.Action == authlete.StandardIntrospectionOK && h.gone(content) {
		content = inactive
	}
	return call.Complete(h.table.Answer(response.Action, response.ResultCode, content))
}

// inactive is all that is said of a token that is worth nothing (RFC 7662, section 2.2).
const inactive = `{"active":false}`

// gone says whether a token belongs to a person who may not use the server any more: the backend does not know people. An
// answer that cannot be read counts as one of such a person.
func (h *handler) gone(content string) bool {
	if !strings.Contains(content, `"sub"`) {
		return false // it is a client's own
	}
	var token struct {
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal([]byte(content), &token); err != nil {
		return true
	}
	return token.Subject != "" && h.users.BySubject(token.Subject) == nil
}
