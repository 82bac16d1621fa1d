package authorize

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"github.com/authserver-dev/operator/server/web"
)

// maxFields bounds the parameters of a response.
const maxFields = 64

// parseForm takes the form out of the page that a backend made for the action FORM (OAuth 2.0 Form Post Response Mode): one
// form that is posted to a web address, with fields that have names. Scripts and everything else stay behind.
func parseForm(content string) (web.FormPostPage, error) {
	var page web.FormPostPage
	inForm, seen := false, false
	tokens := html.NewTokenizer(strings.NewReader(content))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return page, complete(page, seen)
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch {
			case token.Data == "form" && seen:
				return page, errors.New("the page has several forms")
			case token.Data == "form":
				inForm, seen = true, true
				if !strings.EqualFold(attribute(token, "method"), http.MethodPost) {
					return page, errors.New("the form is not posted")
				}
				page.Action = attribute(token, "action")
			case token.Data == "input" && inForm:
				page.Add(attribute(token, "type"), attribute(token, "name"), attribute(token, "value"))
			}
		case html.EndTagToken:
			if tokens.Token().Data == "form" {
				inForm = false
			}
		default: // text, comments
		}
	}
}

// complete says what a form lacks.
func complete(page web.FormPostPage, seen bool) error {
	if !seen {
		return errors.New("the page has no form")
	}
	action, err := url.Parse(page.Action)
	if err != nil || (action.Scheme != "https" && action.Scheme != "http") || action.Host == "" {
		return errors.New("the form leads to no web address")
	}
	if count := len(page.Fields); count == 0 || count > maxFields {
		return fmt.Errorf("the form has %d fields", count)
	}
	return nil
}

func attribute(token html.Token, name string) string {
	for _, attr := range token.Attr {
		if attr.Key == name {
			return attr.Val
		}
	}
	return ""
}
