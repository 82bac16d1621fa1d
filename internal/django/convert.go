package django

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/admission"
	"github.com/authserver-dev/operator/internal/manifest"
	"github.com/authserver-dev/operator/internal/password"
)

// ErrNoUsers means that there is nothing to convert.
var ErrNoUsers = errors.New("the dump has no users (model auth.user)")

// hashKey is the key of the password hash in its Secret.
const hashKey = "password-hash"

// Options say where the users are to go.
type Options struct {
	// Server is the AuthorizationServer at which they log in. Required.
	Server string
	// Namespace is that of the objects; empty leaves it to kubectl.
	Namespace string
}

// User is one converted user.
type User struct {
	// Username and Key are those of the Django server.
	Username, Key string
	// User is nil for a user whom the API server would refuse.
	User *authv1alpha1.OAuthUser
	// Secret holds the password hash; nil for users without a usable one.
	Secret *corev1.Secret
	// Notes say what could not be taken over, for a person.
	Notes []string
}

// converter converts the users of a dump.
type converter struct {
	opts      Options
	groups    map[key]string
	fitter    manifest.Fitter
	names     manifest.Names
	usernames map[string]bool
}

// Convert returns the users of a dump in their order. The primary key becomes the subject, as the Django server has it:
// applications know the same people again. What the API server would refuse is left out, with a note.
func Convert(ctx context.Context, dump io.Reader, opts Options) ([]User, error) {
	records, groups, err := decode(dump)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, ErrNoUsers
	}
	validator, err := admission.New("oauthusers")
	if err != nil {
		return nil, err
	}
	c := &converter{opts: opts, groups: groups, fitter: manifest.Fitter{Validator: validator, Keep: []string{"spec.subject"}}, usernames: map[string]bool{}}
	users := make([]User, 0, len(records))
	for _, r := range records {
		if r.Key == "" {
			return nil, errors.New("a user of the dump has no pk, which becomes the subject: dump without --natural-primary")
		}
		if r.Fields.Username == "" {
			return nil, errors.New("a user of the dump has no username")
		}
		user, err := c.convert(ctx, r)
		if err != nil {
			return nil, err
		}
		users = append(users, user)
	}
	return users, nil
}

// convert builds the objects of one user.
func (c *converter) convert(ctx context.Context, r record) (User, error) {
	f := r.Fields
	out := User{Username: f.Username, Key: string(r.Key), User: &authv1alpha1.OAuthUser{
		TypeMeta:   metav1.TypeMeta{APIVersion: authv1alpha1.GroupVersion.String(), Kind: authv1alpha1.KindOAuthUser},
		ObjectMeta: metav1.ObjectMeta{Namespace: c.opts.Namespace},
		Spec: authv1alpha1.OAuthUserSpec{
			ServerRef: authv1alpha1.ServerReference{Name: c.opts.Server}, Username: f.Username, Subject: string(r.Key), Active: f.Active,
			Claims: authv1alpha1.Claims{
				Name: strings.TrimSpace(f.FirstName + " " + f.LastName), GivenName: f.FirstName, FamilyName: f.LastName, Email: f.Email,
			},
		},
	}}
	out.User.Name = c.names.Take(string(r.Key), f.Username, "user-"+string(r.Key))
	c.addGroups(&out, f.Groups)
	out.addPassword(f.Password)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"is_superuser", f.Superuser}, {"is_staff", f.Staff}} {
		if flag.set {
			out.note("%s has no counterpart here and was left out: it gave access to Django's administration", flag.name)
		}
	}
	folded := strings.ToLower(f.Username)
	if c.usernames[folded] {
		out.note("the username %q differs from another one in upper and lower case only, which is the same here: rename it", f.Username)
	}
	c.usernames[folded] = true
	err := c.fit(ctx, &out)
	return out, err
}

// fit leaves out what the API server would refuse.
func (c *converter) fit(ctx context.Context, out *User) error {
	object, err := admission.Object(out.User)
	if err != nil {
		return err
	}
	removals, refused := c.fitter.Fit(ctx, object)
	for _, removal := range removals {
		out.note("%s", removal)
	}
	if refused != nil {
		out.User, out.Secret = nil, nil
		out.note("the user is not written, because the API server would refuse it: %v", refused)
		return nil
	}
	if len(removals) == 0 {
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encoding the user %q: %w", out.Username, err)
	}
	out.User = &authv1alpha1.OAuthUser{}
	if err := json.Unmarshal(text, out.User); err != nil {
		return fmt.Errorf("decoding the user %q: %w", out.Username, err)
	}
	return nil
}

// addGroups names the groups.
func (c *converter) addGroups(out *User, refs []ref) {
	for _, group := range refs {
		name := group.name
		if name == "" {
			known := false
			if name, known = c.groups[group.key]; !known {
				out.note("group %q is not in the dump: dump auth.group, too", group.key)
				continue
			}
		}
		out.User.Spec.Groups = append(out.User.Spec.Groups, name)
	}
}

// note adds a note.
func (u *User) note(format string, args ...any) {
	u.Notes = append(u.Notes, fmt.Sprintf(format, args...))
}

// addPassword makes the Secret, unless no password opens the account.
func (u *User) addPassword(hash string) {
	if err := password.Check(hash); err != nil {
		if hash == "" || strings.HasPrefix(hash, "!") {
			u.note("no usable password: nobody can log in until one is set")
		} else {
			u.note("the format of the password hash is not supported: set a new password")
		}
		return
	}
	name := u.User.Name + "-django"
	u.User.Spec.Password = &authv1alpha1.Password{
		SecretRef: authv1alpha1.SecretKeyReference{Name: name, Key: hashKey}, Format: authv1alpha1.PasswordHash,
	}
	u.Secret = &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: u.User.Namespace},
		Type:       corev1.SecretTypeOpaque, StringData: map[string]string{hashKey: hash},
	}
}
