package enginetest

import (
	"strings"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

func tickets(d *driver) {
	d.start()
	d.client("app")
	fail := func(d *driver, ticket string) authlete.AuthorizationFailAction {
		response, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: ticket, Reason: authlete.AuthorizationFailDenied})
		d.must(err)
		return response.Action
	}
	issue := func(d *driver, ticket string) authlete.AuthorizationIssueAction {
		response := d.issue(authlete.AuthorizationIssueRequest{Ticket: ticket})
		if response.Action == authlete.AuthorizationIssueBadRequest && response.AuthorizationCode != "" {
			d.Error("a code with a refusal")
		}
		return response.Action
	}
	d.sub("are good for one answer", func(d *driver) {
		ticket := d.ticket(request("app"))
		if issue(d, ticket) != authlete.AuthorizationIssueLocation || issue(d, ticket) != authlete.AuthorizationIssueBadRequest {
			d.Error("the ticket did not work exactly once")
		}
	})
	d.sub("are not used up by a refusal", func(d *driver) {
		// Whoever is refused has authenticated nobody, and what strangers do is not remembered.
		ticket := d.ticket(request("app"))
		for range 2 {
			if action := fail(d, ticket); action != authlete.AuthorizationFailActionLocation {
				d.Errorf("the refusal cannot be repeated: %s", action)
			}
		}
	})
	d.sub("expire", func(d *driver) {
		ticket := d.ticket(request("app"))
		d.Clock.Turn(24 * time.Hour)
		if issue(d, ticket) != authlete.AuthorizationIssueBadRequest || fail(d, ticket) != authlete.AuthorizationFailActionBadRequest {
			d.Error("a ticket worked after a day")
		}
	})
	genuine := d.ticket(request("app"))
	for name, forged := range map[string]string{
		"text": "nothing", "empty": "", "cut": genuine[:len(genuine)-1], "longer": genuine + "A",
		"altered": genuine[:len(genuine)-9] + flip(genuine[len(genuine)-9]) + genuine[len(genuine)-8:],
	} {
		d.sub(name, func(d *driver) {
			if issue(d, forged) != authlete.AuthorizationIssueBadRequest || fail(d, forged) != authlete.AuthorizationFailActionBadRequest {
				d.Error("a ticket that was never issued worked")
			}
		})
	}
}

// flip returns another character of the base64url alphabet.
func flip(char byte) string {
	if char == 'A' {
		return "B"
	}
	return "A"
}

func failReasons(d *driver) {
	d.start()
	d.client("app")
	for reason, want := range map[authlete.AuthorizationFailReason]string{
		authlete.AuthorizationFailUnknown:                  "server_error",
		authlete.AuthorizationFailServerError:              "server_error",
		authlete.AuthorizationFailNotLoggedIn:              "login_required",
		authlete.AuthorizationFailMaxAgeNotSupported:       "login_required",
		authlete.AuthorizationFailExceedsMaxAge:            "login_required",
		authlete.AuthorizationFailDifferentSubject:         "login_required",
		authlete.AuthorizationFailAcrNotSatisfied:          "unmet_authentication_requirements",
		authlete.AuthorizationFailDenied:                   "access_denied",
		authlete.AuthorizationFailNotAuthenticated:         "login_required",
		authlete.AuthorizationFailAccountSelectionRequired: "account_selection_required",
		authlete.AuthorizationFailConsentRequired:          "consent_required",
		authlete.AuthorizationFailInteractionRequired:      "interaction_required",
		authlete.AuthorizationFailInvalidTarget:            "invalid_target",
	} {
		d.sub(string(reason), func(d *driver) {
			response, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: d.ticket(request("app")), Reason: reason})
			d.must(err)
			if response.Action != authlete.AuthorizationFailActionLocation {
				d.Fatalf("fail: %s %s", response.Action, response.ResponseContent)
			}
			if answer := d.answer(response.ResponseContent); answer.Get("error") != want || answer.Get("error_description") == "" {
				d.Errorf("answer = %v", answer)
			}
		})
	}
	described, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{
		Ticket: d.ticket(request("app")), Reason: authlete.AuthorizationFailDenied, Description: "Not \"today\"\nplease",
	})
	d.must(err)
	if text := d.answer(described.ResponseContent).Get("error_description"); !strings.Contains(text, "Not 'today'?please") {
		d.Errorf("error_description = %q", text)
	}
	ticket := d.ticket(request("app"))
	unknown, err := d.AuthorizationFail(d.Context(), &authlete.AuthorizationFailRequest{Ticket: ticket, Reason: "BAD_MOOD"})
	d.must(err)
	if unknown.Action != authlete.AuthorizationFailActionInternalServerError {
		d.Errorf("unknown reason: %s", unknown.Action)
	}
	if d.issue(authlete.AuthorizationIssueRequest{Ticket: ticket}).Action != authlete.AuthorizationIssueLocation {
		d.Error("a call that could not be understood used the ticket up")
	}
}

func issueChecks(d *driver) {
	d.start()
	client := d.client("app")
	bound := request("app").with(form{"claims": `{"id_token":{"sub":{"value":"1002"}}}`})
	for name, in := range map[string]authlete.AuthorizationIssueRequest{
		"another subject":           {Ticket: d.ticket(bound), Subject: alice},
		"claims that are no JSON":   {Ticket: d.ticket(request("app")), Subject: alice, Claims: "{"},
		"claims that are no object": {Ticket: d.ticket(request("app")), Subject: alice, Claims: `["name"]`},
		"no subject":                {Ticket: d.ticket(request("app"))},
	} {
		d.sub(name, func(d *driver) {
			response, err := d.AuthorizationIssue(d.Context(), &in)
			d.must(err)
			if response.Action != authlete.AuthorizationIssueInternalServerError || response.AuthorizationCode != "" {
				d.Errorf("issue: %s %s", response.Action, response.ResponseContent)
			}
		})
	}
	narrowed := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app")), Scopes: []string{"openid"}, Sub: "pairwise-1"})
	tokens := d.tokens(client, exchange(narrowed.AuthorizationCode))
	if len(tokens.Scopes) != 1 || tokens.Scopes[0] != "openid" || tokens.Subject != alice || d.idToken(tokens.IDToken)["sub"] != "pairwise-1" {
		d.Errorf("scopes %v, subject %q, ID token %v", tokens.Scopes, tokens.Subject, d.idToken(tokens.IDToken))
	}
	added := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app").with(form{"scope": "read"})), Scopes: []string{"openid", "read"}})
	if tokens := d.tokens(client, exchange(added.AuthorizationCode)); tokens.IDToken != "" || len(tokens.Scopes) != 1 {
		d.Errorf("openid was added: %v", tokens.Scopes)
	}
	none := d.issue(authlete.AuthorizationIssueRequest{Ticket: d.ticket(request("app")), Scopes: []string{}})
	if tokens := d.tokens(client, exchange(none.AuthorizationCode)); len(tokens.Scopes) != 0 {
		d.Errorf("scopes %v after they were all taken away", tokens.Scopes)
	}
}
