package login_test

import (
	"errors"
	"testing"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/password"
	"github.com/authserver-dev/operator/server/login"
)

// decoys is a directory of people without passwords whose decoy cannot be used, so that its use shows.
type decoys struct{ asked []string }

func (d *decoys) ByUsername(name string) *configv1alpha1.User {
	if name == "nopasswd" {
		return &configv1alpha1.User{Subject: "2", Username: name}
	}
	return nil
}

func (d *decoys) Decoy(name string) string {
	d.asked = append(d.asked, name)
	return "not a hash"
}

// TestUnknownNamesCostADecoy: for a name that nobody has, and for an account without a password, the decoy of that name is
// verified and nothing else.
func TestUnknownNamesCostADecoy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mallory", "nopasswd"} {
		directory := &decoys{}
		checker := login.New(login.Options{
			Users: directory, FreeAttempts: 3, MaxDelay: time.Second, Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }, Observe: func(string) {},
		})
		_, err := checker.Check(t.Context(), login.Attempt{Username: name, Password: "x"})
		if !errors.Is(err, login.ErrWrong) || !errors.Is(err, password.ErrFormat) {
			t.Errorf("%s: %v: the decoy was not verified", name, err)
		}
		if len(directory.asked) == 0 || directory.asked[0] != name {
			t.Errorf("%s: decoys were asked for %q", name, directory.asked)
		}
	}
}
