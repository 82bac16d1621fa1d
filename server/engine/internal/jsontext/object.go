package jsontext

import (
	"strconv"
	"unicode/utf8"
)

// Object builds one JSON object, member by member, in the order of the calls.
// Names must be plain ASCII constants; they are written as they are.
type Object struct {
	buf []byte
}

// NewObject returns an object with room for size bytes.
func NewObject(size int) *Object {
	return &Object{buf: append(make([]byte, 0, size), '{')}
}

// String adds a string member.
func (o *Object) String(name, value string) {
	o.name(name)
	o.buf = AppendString(o.buf, value)
}

// NonEmpty adds a string member unless the value is empty.
func (o *Object) NonEmpty(name, value string) {
	if value != "" {
		o.String(name, value)
	}
}

// Int adds a number member.
func (o *Object) Int(name string, value int64) {
	o.name(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

// Bool adds a boolean member.
func (o *Object) Bool(name string, value bool) {
	o.name(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

// Words adds a string member with the words separated by spaces, unless there are none.
func (o *Object) Words(name string, words []string) {
	if len(words) == 0 {
		return
	}
	o.name(name)
	o.buf = append(o.buf, '"')
	for i, word := range words {
		if i > 0 {
			o.buf = append(o.buf, ' ')
		}
		o.buf = appendEscaped(o.buf, word)
	}
	o.buf = append(o.buf, '"')
}

// Raw adds a member whose value is JSON already and whose name may be any string.
func (o *Object) Raw(name string, value []byte) {
	o.separate()
	o.buf = AppendString(o.buf, name)
	o.buf = append(o.buf, ':')
	o.buf = append(o.buf, value...)
}

// Bytes closes the object and returns its text. The object must not be used any more.
func (o *Object) Bytes() []byte {
	o.buf = append(o.buf, '}')
	return o.buf
}

func (o *Object) name(name string) {
	o.separate()
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *Object) separate() {
	if len(o.buf) > 1 {
		o.buf = append(o.buf, ',')
	}
}

// AppendString appends the JSON string of a value. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, value string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, value)
	return append(dst, '"')
}

func appendEscaped(dst []byte, value string) []byte {
	start := 0
	for i := 0; i < len(value); {
		char := value[i]
		if char < utf8.RuneSelf {
			if char >= ' ' && char != '"' && char != '\\' {
				i++
				continue
			}
			dst = append(dst, value[start:i]...)
			dst = appendEscape(dst, char)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(value[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, value[start:i]...)
			dst = append(dst, "\ufffd"...)
			start = i + size
		}
		i += size
	}
	return append(dst, value[start:]...)
}

func appendEscape(dst []byte, char byte) []byte {
	const hex = "0123456789abcdef"
	switch char {
	case '"', '\\':
		return append(dst, '\\', char)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hex[char>>4], hex[char&0xf])
	}
}
