package details

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/authserver-dev/operator/internal/authlete"
)

// maxDepth bounds how deep a value is nested.
const maxDepth = 8

// errDuplicate is about an object with a member twice: whoever reads it later may read the other one.
var errDuplicate = errors.New("a member is there twice")

// flatten puts JSON into lines, "member.member: value". An empty text has none.
func flatten(member, text string) ([]string, error) {
	if empty(json.RawMessage(text)) {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	lines, err := value(decoder, "", 0)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the value")
		}
	}
	if err != nil {
		return nil, &UnshowableError{Member: member, Problem: problem(err)}
	}
	return lines, nil
}

// problem describes an error without what it quotes.
func problem(err error) string {
	if errors.Is(err, errDuplicate) {
		return errDuplicate.Error()
	}
	return "it is not JSON that can be read"
}

// flattenOther puts members into lines, in the order of their names.
func flattenOther(member string, others authlete.Other) ([]string, error) {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		text, err := json.Marshal(map[string]json.RawMessage{name: others[name]})
		if err != nil {
			return nil, &UnshowableError{Member: member, Problem: problem(err)}
		}
		found, err := flatten(member, string(text))
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	return lines, nil
}

// value reads a value and returns its lines.
func value(decoder *json.Decoder, path string, depth int) ([]string, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errors.New("the value is nested too deep")
	}
	switch token {
	case json.Delim('{'):
		return members(decoder, path, depth)
	case json.Delim('['):
		return items(decoder, path, depth)
	default:
		return []string{line(path, scalar(token))}, nil
	}
}

func members(decoder *json.Decoder, path string, depth int) ([]string, error) {
	var lines []string
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if seen[name] {
			return nil, errDuplicate
		}
		seen[name] = true
		below := printable(name)
		if path != "" {
			below = path + "." + below
		}
		found, err := value(decoder, below, depth+1)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	if len(seen) == 0 {
		lines = []string{line(path, "{}")}
	}
	_, err := decoder.Token()
	return lines, err
}

func items(decoder *json.Decoder, path string, depth int) ([]string, error) {
	var lines []string
	for i := 1; decoder.More(); i++ {
		found, err := value(decoder, path+"["+strconv.Itoa(i)+"]", depth+1)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	if len(lines) == 0 {
		lines = []string{line(path, "[]")}
	}
	_, err := decoder.Token()
	return lines, err
}

func line(path, text string) string {
	if path == "" {
		return text
	}
	return path + ": " + text
}

func scalar(token json.Token) string {
	switch token := token.(type) {
	case string:
		return printable(token)
	case bool:
		if token {
			return "yes"
		}
		return "no"
	case nil:
		return "nothing"
	default:
		return fmt.Sprint(token)
	}
}

// printable returns a text as it can be shown: what has characters that do not print, or that change the direction of what
// is around them, is quoted.
func printable(text string) string {
	hidden := func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsFunc(text, hidden) {
		return strconv.Quote(text)
	}
	return text
}

// joined is a list of texts, separated by commas; empty ones are left out.
func joined(texts []string) string {
	var shown []string
	for _, text := range texts {
		if text != "" {
			shown = append(shown, printable(text))
		}
	}
	return strings.Join(shown, ", ")
}

// empty says whether JSON says nothing.
func empty(text json.RawMessage) bool {
	switch string(bytes.TrimSpace(text)) {
	case "", "null", "false", "0", `""`, "[]", "{}":
		return true
	default:
		return false
	}
}

// object reads a JSON object, each member once.
func object(member, text string) (map[string]json.RawMessage, error) {
	if _, err := flatten(member, text); err != nil {
		return nil, err
	}
	var found map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return nil, &UnshowableError{Member: member, Problem: "it is no object"}
	}
	return found, nil
}
