package network

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
)

func TestOwnTables(t *testing.T) {
	t.Parallel()
	list := "table ip filter\ntable ip authserver-cluster\ntable ip kube-proxy\ntable ip6 kube-proxy\ntable inet kube-proxy-of-others\n\n"
	want := []table{{"ip", "authserver-cluster"}, {"ip", "kube-proxy"}, {"ip6", "kube-proxy"}}
	if diff := cmp.Diff(want, ownTables(list), cmp.AllowUnexported(table{})); diff != "" {
		t.Errorf("ownTables() (-want +got):\n%s", diff)
	}
}

func TestSysctlIsRestored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := sysctl{root: filepath.Join(dir, "sys"), file: filepath.Join(dir, "before")}
	if err := s.restore(); err != nil {
		t.Errorf("restoring without anything remembered: %v", err)
	}
	// The other settings do not exist on this machine.
	for name, value := range map[string]string{ipForward: "0\n", "vm/overcommit_memory": "2\n"} {
		path := filepath.Join(s.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time must not remember what the first changed
		if err := s.remember(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{ipForward, "vm/overcommit_memory"} {
			if err := s.set(name, "1"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.restore(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{ipForward: "0\n", "vm/overcommit_memory": "2\n"} {
		got, err := os.ReadFile(filepath.Join(s.root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestCNIConfigIsJSON(t *testing.T) {
	t.Parallel()
	l, err := layout.New(t.TempDir())
	if err != nil {
		t.Skip(err) // the temporary directory's name is too long for a state directory
	}
	if err := New(l).writeCNI(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(l.CNIConfigs() + "/10-ptp.conflist")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Errorf("the network configuration is no JSON:\n%s", text)
	}
}
