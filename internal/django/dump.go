package django

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDump bounds a dump: some 200,000 users.
const maxDump = 256 << 20

// record is an entry of a dump. Fields are those of all models that matter here.
type record struct {
	Model  string `json:"model"`
	Key    key    `json:"pk"`
	Fields struct {
		// Of auth.group.
		Name string `json:"name"`
		// Of auth.user.
		Username  string `json:"username"`
		Password  string `json:"password"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Email     string `json:"email"`
		Active    *bool  `json:"is_active"`
		Staff     bool   `json:"is_staff"`
		Superuser bool   `json:"is_superuser"`
		Groups    []ref  `json:"groups"`
	} `json:"fields"`
}

// key is a primary key: a number, or text such as a UUID.
type key string

// UnmarshalJSON takes both.
func (k *key) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*k = key(text)
		return nil
	}
	var number json.Number
	err := json.Unmarshal(data, &number)
	*k = key(number)
	return err
}

// ref is a reference to another entry: its primary key, or the natural key that "dumpdata --natural-foreign" writes, which
// of a group is its name.
type ref struct {
	key  key
	name string
}

// UnmarshalJSON takes both.
func (r *ref) UnmarshalJSON(data []byte) error {
	var natural []string
	if err := json.Unmarshal(data, &natural); err == nil && len(natural) == 1 {
		r.name = natural[0]
		return nil
	}
	return json.Unmarshal(data, &r.key)
}

// Models of django.contrib.auth.
const (
	modelUser  = "auth.user"
	modelGroup = "auth.group"
)

// decode reads a dump and returns its users, and the names of groups by their keys.
func decode(dump io.Reader) (users []record, groups map[key]string, err error) {
	limited := &io.LimitedReader{R: dump, N: maxDump + 1}
	decoder := json.NewDecoder(limited)
	var raw []json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		if limited.N <= 0 {
			return nil, nil, fmt.Errorf("the dump is longer than %d bytes: split it", maxDump)
		}
		return nil, nil, fmt.Errorf("the dump is not a list in JSON, as \"manage.py dumpdata auth --format json\" writes it: %w", err)
	}
	groups = map[key]string{}
	for i, data := range raw {
		var kind struct {
			Model string `json:"model"`
		}
		if err := json.Unmarshal(data, &kind); err != nil {
			return nil, nil, fmt.Errorf("entry %d of the dump is not an object with a model", i+1)
		}
		if kind.Model != modelUser && kind.Model != modelGroup {
			continue
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, nil, fmt.Errorf("entry %d of the dump, a %s, %s", i+1, kind.Model, mismatch(err))
		}
		if r.Model == modelGroup {
			groups[r.Key] = r.Fields.Name
			continue
		}
		users = append(users, r)
	}
	return users, groups, nil
}

// mismatch says which field of an entry is not as Django's default user model has it.
func mismatch(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf("has a %s in %s, which Django's default user model does not", wrong.Value, wrong.Field)
	}
	return "is not as Django's default user model writes it: " + err.Error()
}
