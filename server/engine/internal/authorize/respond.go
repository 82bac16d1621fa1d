package authorize

import (
	"html"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/oauth"
)

// parameter is one parameter of an authorization response, in order.
type parameter struct{ name, value string }

// response is how an authorization request ends: a location, or a form for form_post.
type response struct {
	form    bool
	content string
}

// respond puts the parameters where the request's response mode says, with state and issuer (RFC 9207).
func respond(request *Request, service *authlete.Service, parameters []parameter) response {
	if request.State != "" {
		parameters = append(parameters, parameter{"state", request.State})
	}
	if !service.IssSuppressed {
		parameters = append(parameters, parameter{"iss", service.Issuer})
	}
	switch request.ResponseMode {
	case modeFormPost:
		return response{form: true, content: form(request.RedirectURI, parameters)}
	case modeFragment:
		return response{content: request.RedirectURI + "#" + encode(parameters)}
	default:
		separator := "?"
		if strings.Contains(request.RedirectURI, "?") {
			separator = "&"
		}
		return response{content: request.RedirectURI + separator + encode(parameters)}
	}
}

// refusalParameters are the parameters of an error response (RFC 6749, section 4.1.2.1).
func refusalParameters(refusal *oauth.Error) []parameter {
	return []parameter{{"error", string(refusal.Code)}, {"error_description", refusal.ErrorDescription()}}
}

// encode returns the parameters as form-encoded text. A space becomes %20, which every reader understands; many do not take a
// plus in a fragment for a space.
func encode(parameters []parameter) string {
	var b strings.Builder
	for i, p := range parameters {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20"))
	}
	return b.String()
}

// form returns the page of the form_post response mode. Its one script is authlete.FormPostScript, so that a front
// end can allow exactly that; without scripts the button does the same.
func form(action string, parameters []parameter) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Continue</title></head><body>")
	b.WriteString(`<form method="post" action="` + html.EscapeString(action) + `">`)
	for _, p := range parameters {
		b.WriteString(`<input type="hidden" name="` + p.name + `" value="` + html.EscapeString(p.value) + `">`)
	}
	b.WriteString(`<button type="submit">Continue</button></form><script>` + authlete.FormPostScript + "</script></body></html>\n")
	return b.String()
}
