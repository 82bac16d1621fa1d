package enginetest

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// object returns an unsigned request object.
func (d *driver) object(claims map[string]any) string {
	d.Helper()
	payload, err := json.Marshal(claims)
	d.must(err)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// requestObjects: a request object is refused, and the refusal goes where the object says, except for the redirect URI, which
// the plain parameters prove.
func requestObjects(d *driver) {
	d.start(everything)
	d.client("app")
	d.client("two", func(c *authlete.Client) { c.RedirectURIs = append(c.RedirectURIs, callback+"/2") })
	const notSupported = "request_not_supported"
	for name, test := range map[string]struct {
		in    form
		mode  string // query, fragment, form_post, or page: not sent to the client
		state string
		want  string
	}{
		"query":    {form{"request": d.object(map[string]any{"state": "S1", "response_mode": "query"})}, "query", "S1", notSupported},
		"fragment": {form{"request": d.object(map[string]any{"state": "S1", "response_mode": "fragment"})}, "fragment", "S1", notSupported},
		"form_post": {
			form{"request": d.object(map[string]any{"state": `S"<1`, "response_mode": "form_post"})}, "form_post", `S"<1`, notSupported,
		},
		"the object comes before the parameters": {
			form{"request": d.object(map[string]any{"state": "S1", "response_mode": "fragment"}), "response_mode": "form_post", "state": "S2"},
			"fragment", "S1", notSupported,
		},
		"what it does not say comes from the parameters": {
			form{"request": d.object(map[string]any{}), "response_mode": "fragment", "state": "S2"}, "fragment", "S2", notSupported,
		},
		"a redirect URI in it is ignored": {
			form{"request": d.object(map[string]any{"redirect_uri": "https://evil.example", "state": "S1"})}, "query", "S1", notSupported,
		},
		"a mode that is unknown": {form{"request": d.object(map[string]any{"response_mode": "jwt", "state": "S1"})}, "query", "S1", notSupported},
		"tokens never in a query": {
			form{"request": d.object(map[string]any{"response_mode": "query", "state": "S1"}), "response_type": "code id_token"},
			"fragment", "S1", notSupported,
		},
		"members of other types": {form{"request": d.object(map[string]any{"response_mode": 1, "state": []int{1}}), "state": "S2"}, "query", "S2", notSupported},
		"a state that is too long": {
			form{"request": d.object(map[string]any{"state": strings.Repeat("x", 5000)}), "state": "S2"}, "query", "S2", notSupported,
		},
		"no JWT":                        {form{"request": "x"}, "query", state, notSupported},
		"no base64":                     {form{"request": "e30.!!.x"}, "query", state, notSupported},
		"no JSON":                       {form{"request": "e30.e30x.x"}, "query", state, notSupported},
		"an array":                      {form{"request": "e30." + base64.RawURLEncoding.EncodeToString([]byte("[]")) + "."}, "query", state, notSupported},
		"encrypted":                     {form{"request": "e30.e30.e30.e30.e30"}, "query", state, notSupported},
		"response type in the object":   {form{"request": d.object(map[string]any{"response_type": "code"}), "response_type": ""}, "query", state, notSupported},
		"request_uri":                   {form{"request_uri": "https://app.example.com/r"}, "query", state, "request_uri_not_supported"},
		"request_uri alone":             {form{"request_uri": "urn:x", "redirect_uri": ""}, "query", state, "request_uri_not_supported"},
		"request alone":                 {form{"request": d.object(map[string]any{"state": "S1"}), "redirect_uri": ""}, "query", "S1", notSupported},
		"request_uri of two redirects":  {form{"request_uri": "urn:x", "redirect_uri": "", "client_id": "two"}, "page", "", "request_uri_not_supported"},
		"request of two redirects":      {form{"request": d.object(nil), "redirect_uri": "", "client_id": "two"}, "page", "", notSupported},
		"request with another redirect": {form{"request": d.object(nil), "redirect_uri": "https://evil.example"}, "page", "", "invalid_request"},
	} {
		d.sub(name, func(d *driver) {
			response := d.authorize(request("app").with(test.in))
			mode, values := d.refusal(response)
			if mode != test.mode || values.Get("error") != test.want || values.Get("state") != test.state {
				d.Errorf("mode %s, %v; want %s, %s with state %q", mode, values, test.mode, test.want, test.state)
			}
		})
	}
}

// refusal returns how a refusal is sent and what it says.
func (d *driver) refusal(response *authlete.AuthorizationResponse) (mode string, values url.Values) {
	d.Helper()
	switch response.Action {
	case authlete.AuthorizationBadRequest:
		return "page", url.Values{"error": {errorOf(response.ResponseContent)}}
	case authlete.AuthorizationForm:
		values = url.Values{}
		d.contains(response.ResponseContent, `action="`+callback+`"`)
		for part := range strings.SplitSeq(response.ResponseContent, `<input type="hidden" name="`) {
			name, rest, ok := strings.Cut(part, `" value="`)
			value, _, closed := strings.Cut(rest, `">`)
			if ok && closed {
				values.Set(name, html.UnescapeString(value))
			}
		}
		return "form_post", values
	case authlete.AuthorizationLocation:
		target, ok := strings.CutPrefix(response.ResponseContent, callback)
		if !ok {
			d.Fatalf("the answer goes to %s", response.ResponseContent)
		}
		values, err := url.ParseQuery(target[1:])
		d.must(err)
		if target[0] == '#' {
			return "fragment", values
		}
		return "query", values
	default:
		return string(response.Action), nil
	}
}

// unverifiableHints: an ID token that cannot be verified is no hint. Nobody knows who was meant: somebody must log in.
func unverifiableHints(d *driver) {
	d.start()
	client := d.client("app")
	token := d.tokens(client, exchange(d.code(request("app")))).IDToken
	parts := strings.Split(token, ".")
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"` + Issuer + `","sub":"1002"}`))
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, hint := range map[string]string{
		"garbage":            "x",
		"altered":            token[:len(token)-10] + "AAAAAAAAAA",
		"other claims":       parts[0] + "." + claims + "." + parts[2],
		"unsigned":           header(`{"alg":"none"}`) + "." + claims + ".",
		"a key of nobody":    header(`{"alg":"ES256","kid":"gone"}`) + "." + parts[1] + "." + parts[2],
		"encrypted":          "e30.e30.e30.e30.e30",
		"an algorithm of us": header(`{"alg":"HS256"}`) + "." + claims + ".AAAA",
	} {
		d.sub(name, func(d *driver) { d.noHint(request("app").with(form{"id_token_hint": hint})) })
	}
	service, err := d.ServiceGet(d.Context())
	d.must(err)
	service.Issuer = "https://another.example.com"
	_, err = d.ServiceUpdate(d.Context(), service)
	d.must(err)
	d.sub("of another issuer", func(d *driver) { d.noHint(request("app").with(form{"id_token_hint": token})) })
}

// noHint checks a request whose hint cannot be verified.
func (d *driver) noHint(in form) {
	d.Helper()
	interactive := d.authorize(in)
	if interactive.Action != authlete.AuthorizationInteraction || interactive.Subject != "" || !interactive.HasPrompt(authlete.PromptLogin) {
		d.Errorf("%s, subject %q, prompts %v: want a login page", interactive.Action, interactive.Subject, interactive.Prompts)
	}
	silent := d.authorize(in.with(form{"prompt": "none"}))
	if _, values := d.refusal(silent); values.Get("error") != "login_required" || values.Get("state") != state {
		d.Errorf("prompt=none: %s %s", silent.Action, silent.ResponseContent)
	}
}
