package jsontext

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		build func(*Object)
		want  string
	}{
		"Empty":    {build: func(*Object) {}, want: `{}`},
		"String":   {build: func(o *Object) { o.String("a", "x\"y\\z") }, want: `{"a":"x\"y\\z"}`},
		"NonEmpty": {build: func(o *Object) { o.NonEmpty("a", ""); o.NonEmpty("b", "c") }, want: `{"b":"c"}`},
		"Numbers":  {build: func(o *Object) { o.Int("n", -7); o.Bool("b", true) }, want: `{"n":-7,"b":true}`},
		"Words":    {build: func(o *Object) { o.Words("s", []string{"a", `b"`}); o.Words("none", nil) }, want: `{"s":"a b\""}`},
		"Raw":      {build: func(o *Object) { o.Raw("weird\nname", []byte(`[1]`)) }, want: `{"weird\nname":[1]}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := NewObject(0)
			tc.build(object)
			if diff := cmp.Diff(tc.want, string(object.Bytes())); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "plain", "\"\\\x00\x1f\n\r\t", "\u00e4\u20ac\U0001f600", "\xff\xfe", "a\xc3", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		text := AppendString(nil, value)
		var got string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%q is not JSON: %v", text, err)
		}
		if utf8.ValidString(value) && got != value {
			t.Errorf("%q came back as %q", value, got)
		}
	})
}
