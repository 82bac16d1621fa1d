package revocation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
)

// Settle is how long after a change a login by the old rules may still get through: the kubelets have to bring the users
// to the pods. That takes a fraction of a second, but a login that has passed its check goes on to its consent page.
const Settle = 10 * time.Second

// Pending are the subjects whose tokens are to be revoked. The first revocation at or after the time is the last one.
type Pending map[string]time.Time

// Parse reads what Encode has written; nothing where there is nothing.
func Parse(data []byte) (Pending, error) {
	p := Pending{}
	if len(data) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("decoding the pending revocations: %w", err)
	}
	return p, nil
}

// Encode returns the pending revocations as text, the same for the same ones; nil if there are none.
func (p Pending) Encode() ([]byte, error) {
	if len(p) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encoding the pending revocations: %w", err)
	}
	return data, nil
}

// Subjects returns the subjects in order.
func (p Pending) Subjects() []string { return slices.Sorted(maps.Keys(p)) }

// Revoked records that the tokens of the subject were revoked, and says whether that was the last time.
func (p Pending) Revoked(subject string, now time.Time) bool {
	last := !now.Before(p[subject])
	if last {
		delete(p, subject)
	}
	return last
}

// Find adds to the pending revocations what the change from one user file to another asks for.
//
// A changed password ends the tokens once, at once: later the person may have logged in with the new one. Someone who may
// not log in at all loses them again after Settle, for the sake of a login that was just under way.
func (p Pending) Find(before, after []byte, now time.Time) error {
	now = now.UTC().Truncate(time.Second)
	is, err := users(after)
	if err != nil {
		return err
	}
	was, err := users(before)
	if err != nil {
		was = nil // not the operator's writing: nobody was let in by it
	}
	for subject, old := range was {
		user, ok := is[subject]
		switch {
		case old.Disabled:
		case !ok || user.Disabled:
			p[subject] = now.Add(Settle)
		case old.PasswordHash != "" && old.PasswordHash != user.PasswordHash:
			p[subject] = now
		}
	}
	p.letIn(is, now)
	return nil
}

// letIn spares people who may log in again a second revocation, which would end what they log in for now.
func (p Pending) letIn(users map[string]configv1alpha1.User, now time.Time) {
	for subject, last := range p {
		if user, ok := users[subject]; ok && !user.Disabled && last.After(now) {
			p[subject] = now
		}
	}
}

// users returns the users of a file by subject.
func users(file []byte) (map[string]configv1alpha1.User, error) {
	if len(file) == 0 {
		return nil, nil //nolint:nilnil // no users is a regular outcome
	}
	var list configv1alpha1.UserList
	if err := json.Unmarshal(file, &list); err != nil {
		return nil, fmt.Errorf("decoding users: %w", err)
	}
	bySubject := make(map[string]configv1alpha1.User, len(list.Users))
	for _, user := range list.Users {
		bySubject[user.Subject] = user
	}
	return bySubject, nil
}
