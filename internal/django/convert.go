package django

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
)

// ErrNoUsers means that there is nothing to convert.
var ErrNoUsers = errors.New("the dump has no users (model auth.user)")

const (
	hashKey = "password-hash"
	// maxName leaves room for suffixes in the names of other objects.
	maxName = 50
)

// Options say where the users are to go.
type Options struct {
	// Server is the AuthorizationServer at which they log in. Required.
	Server string
	// Namespace is that of the objects; empty leaves it to kubectl.
	Namespace string
}

// User is one converted user.
type User struct {
	User *authv1alpha1.OAuthUser
	// Secret holds the password hash; nil for users without a usable one.
	Secret *corev1.Secret
	// Notes say what could not be taken over, for a person.
	Notes []string
}

// Convert returns the users of a dump in their order. The primary key becomes the subject, as the Django server has it:
// applications know the same people again.
func Convert(dump io.Reader, opts Options) ([]User, error) {
	records, groups, err := decode(dump)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, ErrNoUsers
	}
	taken, usernames := map[string]bool{}, map[string]bool{}
	users := make([]User, 0, len(records))
	for _, r := range records {
		if r.Key == "" || r.Fields.Username == "" {
			return nil, fmt.Errorf("a user of the dump has no %s", map[bool]string{true: "pk", false: "username"}[r.Key == ""])
		}
		name := objectName(r)
		for taken[name] {
			name = strings.Trim(name+"-"+plain(string(r.Key)), "-")
			if taken[name] {
				name += "-2"
			}
		}
		taken[name] = true
		user := convert(r, groups, name, opts)
		folded := strings.ToLower(r.Fields.Username)
		if usernames[folded] {
			user.Notes = append(user.Notes, fmt.Sprintf(
				"the username %q differs from another one in upper and lower case only, which is the same here: rename it", r.Fields.Username))
		}
		usernames[folded] = true
		users = append(users, user)
	}
	return users, nil
}

// convert builds the objects of one user.
func convert(r record, groups map[key]string, name string, opts Options) User {
	f := r.Fields
	out := User{User: &authv1alpha1.OAuthUser{
		TypeMeta:   metav1.TypeMeta{APIVersion: authv1alpha1.GroupVersion.String(), Kind: "OAuthUser"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: opts.Namespace},
		Spec: authv1alpha1.OAuthUserSpec{
			ServerRef: authv1alpha1.ServerReference{Name: opts.Server}, Username: f.Username, Subject: string(r.Key), Active: f.Active,
			Claims: authv1alpha1.Claims{
				Name: strings.TrimSpace(f.FirstName + " " + f.LastName), GivenName: f.FirstName, FamilyName: f.LastName,
			},
		},
	}}
	if email.MatchString(f.Email) {
		out.User.Spec.Claims.Email = f.Email
	} else if f.Email != "" {
		out.Notes = append(out.Notes, "the email address is not one: it was left out")
	}
	for _, id := range f.Groups {
		group, known := groups[id]
		if !known {
			out.Notes = append(out.Notes, fmt.Sprintf("group %s is not in the dump: dump auth.group, too", id))
			continue
		}
		out.User.Spec.Groups = append(out.User.Spec.Groups, group)
	}
	out.password(f.Password)
	return out
}

// password makes the Secret, unless no password opens the account.
func (u *User) password(hash string) {
	if err := password.Check(hash); err != nil {
		note := "the format of the password hash is not supported: set a new password"
		if hash == "" || strings.HasPrefix(hash, "!") {
			note = "no usable password: nobody can log in until one is set"
		}
		u.Notes = append(u.Notes, note)
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

// objectName makes a name for an object from a username, which may have characters that such a name may not.
func objectName(r record) string {
	return cmp.Or(plain(r.Fields.Username), strings.Trim("user-"+plain(string(r.Key)), "-"))
}

// plain keeps what may be in the name of an object.
func plain(text string) string {
	text = strings.Trim(foreign.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return strings.Trim(text[:min(len(text), maxName)], "-")
}

// email matches what the resource accepts as an email address.
var email = regexp.MustCompile(`^[^@\pZ\pC]+@[^@\pZ\pC]+$`)

// foreign matches what may not be in the name of an object.
var foreign = regexp.MustCompile(`[^a-z0-9]+`)
