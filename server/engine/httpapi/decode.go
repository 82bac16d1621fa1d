package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// decode reads what a call takes: a JSON object, or the flat fields of a form. Members that the call does not have are
// left out: callers may know more of the API.
func decode(r *http.Request, into any) error {
	object, err := readObject(r, reflect.TypeOf(into).Elem())
	if err != nil {
		return err
	}
	return unmarshal(object, into)
}

// readObject returns the body as a JSON object. The shape says how to read a form.
func readObject(r *http.Request, shape reflect.Type) ([]byte, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	isForm := strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
	// Command line tools say "form" of all that they send; nothing that a form of this API begins with is a brace.
	if !isForm || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return body, nil
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "E001207", "the body is not a form")
	}
	return json.Marshal(formObject(values, shape))
}

// formObject returns the members of the shape that a form has. Those that are objects cannot be in a form.
func formObject(values url.Values, shape reflect.Type) map[string]any {
	object := map[string]any{}
	for _, field := range reflect.VisibleFields(shape) { // those of embedded structures, too
		name := memberName(field)
		if !values.Has(name) {
			continue
		}
		switch kind := field.Type.Kind(); {
		case kind == reflect.Slice && field.Type.Elem().Kind() == reflect.String:
			object[name] = strings.Fields(strings.Join(values[name], " "))
		case kind == reflect.String, kind == reflect.Bool, kind == reflect.Int64, kind == reflect.Int:
			object[name] = values.Get(name)
		}
	}
	return object
}

// unmarshal decodes a JSON object. Some values of another type than the API's are taken: clients send numbers for subjects
// and ids, and text for numbers and booleans.
func unmarshal(object []byte, into any) error {
	err := json.Unmarshal(object, into)
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); mistyped {
		decoder := json.NewDecoder(bytes.NewReader(object))
		decoder.UseNumber()
		var value any
		if err = decoder.Decode(&value); err == nil {
			err = recode(value, into)
		}
	}
	if err != nil {
		return refusal(http.StatusBadRequest, "E001205", "the body is not the JSON that the call takes")
	}
	return nil
}

// recode decodes a value again, as what was meant.
func recode(value, into any) error {
	target := reflect.ValueOf(into).Elem()
	target.SetZero() // the first attempt may have left something
	meant, err := json.Marshal(coerce(value, target.Type()))
	if err != nil {
		return err
	}
	return json.Unmarshal(meant, into)
}

// identifies says whether a member is an identifier, for which front ends send the number that it is to them.
func identifies(name string) bool {
	return name == "subject" || name == "sub" || strings.HasPrefix(name, "clientId")
}

// coerce returns the value as the type wants it, where that cannot be misunderstood.
func coerce(value any, to reflect.Type) any {
	switch to.Kind() {
	case reflect.Pointer:
		return coerce(value, to.Elem())
	case reflect.Struct:
		return coerceMembers(value, to)
	case reflect.Slice:
		if list, ok := value.([]any); ok {
			for i := range list {
				list[i] = coerce(list[i], to.Elem())
			}
		}
	case reflect.Int64, reflect.Int:
		if text, ok := value.(string); ok && integer(text) {
			return json.Number(text)
		}
	case reflect.Bool:
		if text, ok := value.(string); ok {
			if truth, err := strconv.ParseBool(text); err == nil {
				return truth
			}
		}
	default:
	}
	return value
}

func coerceMembers(value any, to reflect.Type) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for _, field := range reflect.VisibleFields(to) {
		name := memberName(field)
		member, there := object[name]
		if !there {
			continue
		}
		number, isNumber := member.(json.Number)
		if isNumber && field.Type.Kind() == reflect.String && identifies(name) && integer(number.String()) {
			object[name] = number.String()
			continue
		}
		object[name] = coerce(member, field.Type)
	}
	return object
}

// integer says whether a text is a number as JSON writes it, without fraction and exponent.
func integer(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || text == "0")
}

func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}
