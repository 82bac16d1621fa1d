package enginetest

import (
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// scopes: one request for scopes has one meaning at the authorization and at the token endpoint.
func scopes(d *driver) {
	d.start()
	client := d.client("app")
	limited := d.client("limited", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"write"}}
	})
	for name, test := range map[string]struct {
		client *authlete.Client
		scope  string
		want   string // empty: invalid_scope
	}{
		"none named":                {client, "", "read"},
		"known":                     {client, "read write", "read write"},
		"known and unknown":         {client, "read nonsense", "read"},
		"twice the same":            {client, "write write", "write"},
		"commas":                    {client, "read,write", ""},
		"only unknown":              {client, "nonsense", ""},
		"only blanks":               {client, "  ", ""},
		"not the client's":          {limited, "read", ""},
		"partly not the client's":   {limited, "read write", "write"},
		"other case":                {client, "READ", ""},
		"characters that are wrong": {client, "read\"", ""},
	} {
		d.sub(name, func(d *driver) {
			in := request(test.client.ClientIDAlias).with(form{"scope": test.scope})
			response := d.authorize(in)
			granted := d.token(test.client, form{"grant_type": "client_credentials", "scope": test.scope})
			if test.want == "" {
				if response.Action != authlete.AuthorizationLocation || d.answer(response.ResponseContent).Get("error") != "invalid_scope" {
					d.Errorf("authorization: %s %s", response.Action, response.ResponseContent)
				}
				d.refused(granted, authlete.TokenBadRequest, "invalid_scope")
				return
			}
			if got := strings.Join(granted.Scopes, " "); got != test.want {
				d.Errorf("client credentials: %q", got)
			}
			tokens := d.tokens(test.client, exchange(d.code(in)))
			if got := strings.Join(tokens.Scopes, " "); got != test.want {
				d.Errorf("code: %q", got)
			}
			d.contains(tokens.ResponseContent, `"scope":"`+test.want+`"`)
			d.contains(granted.ResponseContent, `"scope":"`+test.want+`"`)
		})
	}
}

// repeatedParameters: a repeat is an error only of what the server reads as one value (RFC 6749, section 3.1; RFC 8707, section 2).
func repeatedParameters(d *driver) {
	d.start()
	client := d.client("app")
	code := d.code(request("app"))
	for extra, wrong := range map[string]bool{
		"resource=https://a.example&resource=https://b.example": false, "audience=a&audience=b": false, "utm=1&utm=2": false,
		"scope=read": true, "client_id=app": true,
	} {
		d.sub(extra, func(d *driver) {
			response, err := d.Authorization(d.Context(), &authlete.AuthorizationRequest{Parameters: request("app").encode() + "&" + extra})
			d.must(err)
			if refused := response.Action == authlete.AuthorizationBadRequest; refused != wrong {
				d.Errorf("authorization: %s %s", response.Action, response.ResponseContent)
			}
			token, err := d.Token(d.Context(), &authlete.TokenRequest{
				Parameters: "grant_type=client_credentials&scope=read&client_id=app&" + extra, ClientID: "app", ClientSecret: client.ClientSecret,
			})
			d.must(err)
			if refused := token.Action == authlete.TokenBadRequest; refused != wrong {
				d.Errorf("token: %s %s", token.Action, token.ResponseContent)
			}
			revoked, err := d.Revocation(d.Context(), &authlete.RevocationRequest{
				Parameters: "token=x&client_id=app&scope=a&" + extra, ClientID: "app", ClientSecret: client.ClientSecret,
			})
			d.must(err)
			if refused := revoked.Action == authlete.RevocationBadRequest; refused != wrong {
				d.Errorf("revocation: %s %s", revoked.Action, revoked.ResponseContent)
			}
		})
	}
	d.tokens(client, exchange(code))
}

// percentEncoding: a space in an answer is %20, which every reader understands; many do not read a plus as a space.
func percentEncoding(d *driver) {
	d.start(everything)
	d.client("app")
	const odd = "a b+c%20d&e=f#g?h/ü\"'<"
	for _, mode := range []string{"query", "fragment"} {
		in := request("app").with(form{"response_mode": mode, "state": odd})
		if mode == "fragment" {
			in = in.with(form{"response_type": "code token"})
		}
		granted := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(in)}).ResponseContent
		failed, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: d.ticket(in), Reason: authlete.AuthorizationFailDenied})
		d.must(err)
		refused := d.authorize(in.with(form{"scope": "nonsense"})).ResponseContent
		for _, location := range []string{granted, failed.ResponseContent, refused} {
			_, answer, _ := strings.Cut(location, callback)
			if strings.Contains(answer, "+") {
				d.Errorf("%s: a plus in %s", mode, location)
			}
			for pair := range strings.SplitSeq(answer[1:], "&") {
				name, value, _ := strings.Cut(pair, "=")
				byPath, err := url.PathUnescape(value) // as decodeURIComponent has it
				d.must(err)
				byQuery, err := url.QueryUnescape(value)
				d.must(err)
				if byPath != byQuery || name == "state" && byPath != odd {
					d.Errorf("%s: %s is %q to one reader, %q to another", mode, name, byPath, byQuery)
				}
			}
		}
	}
}
