package component

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func get(t *testing.T, name string) Component {
	t.Helper()
	l, err := layout.New("/state")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Get(name, l, "/usr/lib/cni")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := get(t, name)
			got := name + "\n  " + strings.Join(c.Args, "\n  ") + "\n"
			if c.ConfigFile != "" {
				got += "\n" + c.ConfigFile + ":\n" + c.Config
			}
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s is run otherwise than before (-want +got); -update accepts it:\n%s", name, diff)
			}
		})
	}
}

func TestNothingLiesOutsideOfTheState(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		c := get(t, name)
		for _, arg := range append(c.Args, c.ConfigFile) {
			if strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, "/state/") {
				t.Errorf("%s: %s lies outside of the state directory", name, arg)
			}
		}
		if strings.Contains(c.Config, "%!") {
			t.Errorf("%s: its configuration has a hole:\n%s", name, c.Config)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{Etcd: "127.0.0.1:23790", APIServer: "10.243.0.1:6443", Containerd: ""} {
		if got := get(t, name).Address(); got != want {
			t.Errorf("Address() of %s = %q, want %q", name, got, want)
		}
	}
}

func TestUnknownComponent(t *testing.T) {
	t.Parallel()
	if _, err := Get("kubeadm", layout.Layout{}, ""); err == nil || !strings.Contains(err.Error(), "kube-apiserver") {
		t.Errorf("Get(kubeadm) = %v, want an error that names what there is", err)
	}
}
