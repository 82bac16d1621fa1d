package authorize

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/server/web"
)

// TestParseForm: forms of several makers are read; what is none is refused.
func TestParseForm(t *testing.T) {
	t.Parallel()
	fields := []web.Field{{Name: "code", Value: `a"b&c`}, {Name: "state", Value: "s 1"}}
	const inputs = `<input type="hidden" name="code" value="a&quot;b&amp;c"/><INPUT name=state value='s 1' type=HIDDEN>`
	for name, test := range map[string]struct {
		content string
		want    []web.Field
	}{
		"example of the specification": {
			`<html><head><title>Submit This Form</title></head><body onload="javascript:document.forms[0].submit()">` +
				`<form method="post" action="https://app.example.com/cb?x=1&amp;y">` + inputs + `</form></body></html>`, fields,
		},
		"another script": {
			`<!DOCTYPE html><form METHOD=POST action="https://app.example.com/cb?x=1&amp;y">` + inputs +
				`</form><script>document.forms[0].submit();</script>`, fields,
		},
		"a button only": {
			`<form method="post" action="https://app.example.com/cb?x=1&amp;y">` + inputs + `<input type="submit" value="Go" name="go"></form>`, fields,
		},
		"inputs elsewhere": {
			`<input name="a" value="b"><form method="post" action="https://app.example.com/cb?x=1&amp;y">` + inputs + `</form><input name="c">`, fields,
		},
		"in a comment":    {`<!-- <form method="post" action="https://evil.example.com">` + inputs + `</form> -->`, nil},
		"no form":         {`<html>` + inputs, nil},
		"got, not posted": {`<form action="https://app.example.com/cb?x=1&amp;y">` + inputs, nil},
		"two forms":       {strings.Repeat(`<form method="post" action="https://app.example.com/cb?x=1&amp;y">`+inputs+`</form>`, 2), nil},
		"a script as URL": {`<form method="post" action="javascript:alert(1)">` + inputs, nil},
		"no host":         {`<form method="post" action="/cb">` + inputs, nil},
		"no fields":       {`<form method="post" action="https://app.example.com/cb"></form>`, nil},
		"too many":        {`<form method="post" action="https://app.example.com/cb">` + strings.Repeat(`<input name="a">`, 65), nil},
		"nothing":         {"", nil},
	} {
		page, err := parseForm(test.content)
		if (err == nil) != (test.want != nil) {
			t.Errorf("%s: %+v, %v", name, page, err)
			continue
		}
		want := web.FormPostPage{Action: "https://app.example.com/cb?x=1&y", Fields: test.want}
		if diff := cmp.Diff(want, page); err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzParseForm: whatever a backend sends, a form that is read leads to a web address.
func FuzzParseForm(f *testing.F) {
	f.Add(`<form method="post" action="https://app.example.com/cb"><input name="a" value="b"></form>`)
	f.Fuzz(func(t *testing.T, content string) {
		page, err := parseForm(content)
		if err == nil && !strings.HasPrefix(strings.ToLower(page.Action), "http") {
			t.Errorf("%q leads to %q", content, page.Action)
		}
	})
}

// TestPrintable: what a stranger sends looks like nothing else in a log.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://a.example.com/cb?x=1": "https://a.example.com/cb?x=1", "a\nb\x1b[31m": `a\nb\x1b[31m`, `"`: `\"`, "\u202e\xff": `\u202e\xff`, "": "",
	} {
		if got := printable(value); got != want {
			t.Errorf("%q became %q, want %q", value, got, want)
		}
	}
	if got := printable(strings.Repeat("\x00", 1<<20)); len(got) > 4<<10 {
		t.Errorf("%d bytes", len(got))
	}
}
