package enginetest

import (
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete"
)

func authorizationRequests(d *driver) {
	d.start()
	client := d.client("app")
	response := d.authorize(request("app").with(form{"scope": "openid read profile nonsense", "unknown": "parameter"}))
	if response.Action != authlete.AuthorizationInteraction || !response.ClientIDAliasUsed || len(response.Ticket) < 43 {
		d.Fatalf("authorization: %s %s", response.Action, response.ResultMessage)
	}
	want := []authlete.Scope{
		{Name: "openid", Description: "Log you in"},
		{Name: "read", Description: "Read your data", DefaultEntry: true},
		{Name: "profile", Description: "See your profile"},
	}
	if diff := cmp.Diff(want, response.Scopes); diff != "" {
		d.Errorf("scopes (-want +got):\n%s", diff)
	}
	if c := response.Client; c == nil || c.ClientName != "Example App" || c.LogoURI == "" || c.ClientID != client.ClientID || c.ClientSecret != "" {
		d.Errorf("client = %+v", response.Client)
	}
	if s := response.Service; s == nil || s.ServiceName != "Example Login" || s.PolicyURI == "" || s.TosURI == "" {
		d.Errorf("service = %+v", response.Service)
	}
	byNumber := d.authorize(request(number(client)).with(form{"scope": "", "redirect_uri": ""}))
	if byNumber.Action != authlete.AuthorizationInteraction || byNumber.ClientIDAliasUsed || len(byNumber.Scopes) != 1 || byNumber.Scopes[0].Name != "read" {
		d.Errorf("by number: %s %s %+v", byNumber.Action, byNumber.ResultMessage, byNumber.Scopes)
	}
}

// refusalCase is an authorization request that must be refused.
type refusalCase struct {
	change form
	// want is the error; direct means that it is not sent to the redirect URI.
	want   string
	direct bool
}

func authorizationRefusals(d *driver) {
	d.start(everything, func(s *authlete.Service) { s.SupportedResponseTypes = s.SupportedResponseTypes[:6] })
	d.client("app")
	d.client("public", public)
	d.client("two", func(c *authlete.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://app.example.com/other") })
	d.client("codes", func(c *authlete.Client) {
		c.ResponseTypes, c.GrantTypes = []authlete.ResponseType{authlete.ResponseCode}, []authlete.GrantType{authlete.GrantAuthorizationCode}
	})
	d.client("confined", func(c *authlete.Client) {
		c.Extension = &authlete.ClientExtension{RequestableScopesEnabled: true, RequestableScopes: []string{"read"}}
	})
	d.client("locked", func(c *authlete.Client) { c.Locked = true })
	noPKCE := form{"code_challenge": "", "code_challenge_method": ""}
	for name, test := range map[string]refusalCase{
		"no client":                          {form{"client_id": ""}, "invalid_request", true},
		"impossible client":                  {form{"client_id": "\x00"}, "invalid_request", true},
		"unknown client":                     {form{"client_id": "nobody"}, "invalid_request", true},
		"locked client":                      {form{"client_id": "locked"}, "unauthorized_client", true},
		"unregistered redirect URI":          {form{"redirect_uri": "https://evil.example.com/callback"}, "invalid_request", true},
		"redirect URI with more":             {form{"redirect_uri": callback + "?a=b"}, "invalid_request", true},
		"redirect URI with a port":           {form{"redirect_uri": "https://app.example.com:443/callback"}, "invalid_request", true},
		"no redirect URI with OpenID":        {form{"redirect_uri": ""}, "invalid_request", true},
		"no redirect URI of two":             {form{"client_id": "two", "redirect_uri": "", "scope": "read"}, "invalid_request", true},
		"no response type":                   {form{"response_type": ""}, "invalid_request", false},
		"unknown response type":              {form{"response_type": "assertion"}, "unsupported_response_type", false},
		"response type that is off":          {form{"response_type": "code id_token token"}, "unsupported_response_type", false},
		"response type not allowed":          {form{"client_id": "codes", "response_type": "token"}, "unauthorized_client", false},
		"unknown response mode":              {form{"response_mode": "postcard"}, "invalid_request", false},
		"token in a query":                   {form{"response_type": "token", "response_mode": "query"}, "invalid_request", false},
		"openid not allowed":                 {form{"client_id": "confined"}, "invalid_scope", false},
		"public client without PKCE":         {noPKCE.with(form{"client_id": "public"}), "invalid_request", false},
		"PKCE method without challenge":      {form{"code_challenge": ""}, "invalid_request", false},
		"PKCE plain":                         {form{"code_challenge_method": "plain"}, "invalid_request", false},
		"PKCE plain by default":              {form{"code_challenge_method": ""}, "invalid_request", false},
		"PKCE unknown method":                {form{"code_challenge_method": "S512"}, "invalid_request", false},
		"PKCE challenge too short":           {form{"code_challenge": challenge[:42]}, "invalid_request", false},
		"PKCE challenge with padding":        {form{"code_challenge": challenge + "="}, "invalid_request", false},
		"ID token without nonce":             {form{"response_type": "id_token", "nonce": ""}, "invalid_request", false},
		"hybrid ID token without nonce":      {form{"response_type": "code id_token", "nonce": ""}, "invalid_request", false},
		"ID token without openid":            {form{"response_type": "id_token", "scope": "read"}, "invalid_scope", false},
		"long nonce":                         {form{"nonce": strings.Repeat("n", 5000)}, "invalid_request", false},
		"request object":                     {form{"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported", false},
		"request_uri":                        {form{"request_uri": "https://app.example.com/request"}, "request_uri_not_supported", false},
		"registration":                       {form{"registration": "{}"}, "registration_not_supported", false},
		"unknown prompt":                     {form{"prompt": "shout"}, "invalid_request", false},
		"prompt none with another":           {form{"prompt": "none login"}, "invalid_request", false},
		"max_age that is no number":          {form{"max_age": "soon"}, "invalid_request", false},
		"negative max_age":                   {form{"max_age": "-1"}, "invalid_request", false},
		"max_age 0 with prompt none":         {form{"max_age": "0", "prompt": "none"}, "login_required", false},
		"claims that are not JSON":           {form{"claims": "{"}, "invalid_request", false},
		"claims of the wrong form":           {form{"claims": `{"id_token":["email"]}`}, "invalid_request", false},
		"claim that is not an object":        {form{"claims": `{"id_token":{"email":true}}`}, "invalid_request", false},
		"claims that ask for two subjects":   {form{"claims": `{"id_token":{"sub":{"value":"1"}},"userinfo":{"sub":{"value":"2"}}}`}, "invalid_request", false},
		"subject that is not text":           {form{"claims": `{"id_token":{"sub":{"value":1}}}`}, "invalid_request", false},
		"state that cannot be repeated back": {form{"state": strings.Repeat("s", 5000)}, "invalid_request", true},
	} {
		d.sub(name, func(d *driver) { d.checkRefusal(d.authorize(request("app").with(test.change)), test) })
	}
	for name, raw := range map[string]string{
		"repeated parameter": request("app").encode() + "&client_id=app", "not URL-encoded": "client_id=%zz", "nothing": "",
		"too long": request("app").with(form{"x": strings.Repeat("x", 70_000)}).encode(),
	} {
		d.sub(name, func(d *driver) {
			response, err := d.Authorization(d.Context(), &authlete.AuthorizationRequest{Parameters: raw})
			d.must(err)
			d.checkRefusal(response, refusalCase{want: "invalid_request", direct: true})
		})
	}
}

func (d *driver) checkRefusal(response *authlete.AuthorizationResponse, want refusalCase) {
	d.Helper()
	if response.Ticket != "" {
		d.Error("a ticket for a refused request")
	}
	if want.direct {
		if response.Action != authlete.AuthorizationBadRequest || errorOf(response.ResponseContent) != want.want {
			d.Errorf("%s %s, want %s", response.Action, response.ResponseContent, want.want)
		}
		return
	}
	if response.Action != authlete.AuthorizationLocation {
		d.Fatalf("%s %s, want a location with %s", response.Action, response.ResponseContent, want.want)
	}
	answer := d.answer(response.ResponseContent)
	if answer.Get("error") != want.want || answer.Get("error_description") == "" || len(answer) != 4 {
		d.Errorf("%v, want %s", answer, want.want)
	}
}

func responseModes(d *driver) {
	d.start(everything)
	d.client("app", func(c *authlete.Client) { c.RedirectURIs = append(c.RedirectURIs, callback+"?tenant=1") })
	fragment := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app").with(form{"response_mode": "fragment"}))})
	d.contains(fragment.ResponseContent, callback+"#code=")
	query := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app").with(form{"redirect_uri": callback + "?tenant=1"}))})
	d.contains(query.ResponseContent, callback+"?tenant=1&code=")

	posted := request("app").with(form{"response_mode": "form_post", "response_type": "code id_token", "state": `"><script>alert(1)</script>`})
	page := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(posted)})
	if page.Action != authlete.AuthorizationIssueForm || strings.Contains(page.ResponseContent, "<script>alert") {
		d.Errorf("%s %s", page.Action, page.ResponseContent)
	}
	for _, part := range []string{
		`<form method="post" action="` + callback + `">`, `name="code" value="` + page.AuthorizationCode + `"`, `name="id_token"`, `name="iss"`,
		"<script>" + authlete.FormPostScript + "</script>", "<button",
	} {
		d.contains(page.ResponseContent, part)
	}
	failed, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: d.ticket(posted), Reason: authlete.AuthorizationFailDenied})
	d.must(err)
	if failed.Action != authlete.AuthorizationFailActionForm {
		d.Errorf("fail: %s", failed.Action)
	}
	d.contains(failed.ResponseContent, `name="error" value="access_denied"`)
	refusedForm := d.authorize(posted.with(form{"response_type": "code unknown"}))
	if refusedForm.Action != authlete.AuthorizationForm {
		d.Errorf("a refusal must honor response_mode: %s", refusedForm.Action)
	}
	refusedFragment := d.authorize(request("app").with(form{"response_type": "token", "prompt": "shout"}))
	d.contains(refusedFragment.ResponseContent, callback+"#error=")
	if answer := d.answer(refusedFragment.ResponseContent); answer.Get("error") != "invalid_request" {
		d.Errorf("answer = %v", answer)
	}
	d.start(func(s *authlete.Service) { s.IssSuppressed = true })
	d.client("app")
	if without := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app"))}); strings.Contains(without.ResponseContent, "iss=") {
		d.Errorf("iss in %s", without.ResponseContent)
	}
}

func pages(d *driver) {
	d.start()
	d.client("app")
	response := d.authorize(request("app").with(form{
		"display": "touch", "login_hint": "alice", "ui_locales": "ja en", "claims_locales": "de", "acr_values": "urn:acr:otp urn:acr:unknown",
	}))
	if response.Display != "TOUCH" || response.LoginHint != "alice" || response.AcrEssential || response.MaxAge != 0 || len(response.Prompts) != 0 {
		d.Errorf("response = %+v", response)
	}
	for name, pair := range map[string][2][]string{
		"uiLocales":     {{"ja", "en"}, response.UILocales},
		"claimsLocales": {{"de"}, response.ClaimsLocales},
		"acrs":          {{"urn:acr:otp"}, response.Acrs},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			d.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if odd := d.authorize(request("app").with(form{"display": "hologram"})); odd.Display != "PAGE" {
		d.Errorf("display = %s", odd.Display)
	}
}

func prompts(d *driver) {
	d.start()
	d.client("app")
	d.client("strict", func(c *authlete.Client) { c.DefaultMaxAge = 300 })
	for name, test := range map[string]struct {
		change  form
		prompts []authlete.Prompt
		maxAge  int64
	}{
		"none":                     {form{"prompt": "none"}, []authlete.Prompt{authlete.PromptNone}, 0},
		"login and consent":        {form{"prompt": "consent login"}, []authlete.Prompt{authlete.PromptConsent, authlete.PromptLogin}, 0},
		"select_account":           {form{"prompt": "select_account"}, []authlete.Prompt{authlete.PromptSelectAccount}, 0},
		"max_age":                  {form{"max_age": "60"}, nil, 60},
		"max_age 0 is a login":     {form{"max_age": "0"}, []authlete.Prompt{authlete.PromptLogin}, 0},
		"max_age of the client":    {form{"client_id": "strict"}, nil, 300},
		"max_age beats the client": {form{"client_id": "strict", "max_age": "60"}, nil, 60},
	} {
		d.sub(name, func(d *driver) {
			response := d.authorize(request("app").with(test.change))
			want := authlete.AuthorizationInteraction
			if name == "none" {
				want = authlete.AuthorizationNoInteraction
			}
			if response.Action != want || response.Ticket == "" || response.MaxAge != test.maxAge {
				d.Errorf("action %s, max age %d: %s", response.Action, response.MaxAge, response.ResultMessage)
			}
			if diff := cmp.Diff(test.prompts, response.Prompts); diff != "" {
				d.Errorf("prompts (-want +got):\n%s", diff)
			}
		})
	}
	silent := d.authorize(request("app").with(form{"prompt": "none"}))
	if issued := d.issue(authlete.AuthorizationIssueRequest{Ticket: silent.Ticket}); issued.Action != authlete.AuthorizationIssueLocation {
		d.Errorf("issue: %s", issued.Action)
	}
}
