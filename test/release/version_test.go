package release_test

import (
	"os/exec"
	"regexp"
	"testing"
)

// VERSION is the one place; whatever repeats it must agree.
func TestOneVersion(t *testing.T) {
	t.Parallel()
	expectOneVersion(t, root, version(t))
}

func TestSetVersionChangesItEverywhere(t *testing.T) {
	t.Parallel()
	const next = "10.20.30-rc.1"
	tree := copyTree(t)
	command := exec.Command("./hack/release/set-version.sh", next)
	command.Dir = tree
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := string(read(t, tree, "VERSION")); got != next+"\n" {
		t.Errorf("VERSION says %q", got)
	}
	expectOneVersion(t, tree, next)
	command = exec.Command("./hack/release/set-version.sh", "v1")
	command.Dir = tree
	if out, err := command.CombinedOutput(); err == nil {
		t.Errorf("v1 was taken as a version:\n%s", out)
	}
}

// expectOneVersion looks at every place of a tree that repeats the version.
func expectOneVersion(t *testing.T, tree, want string) {
	t.Helper()
	patterns := map[string][]string{
		"charts/authserver-operator/Chart.yaml": {
			`(?m)^version: (\S+)$`, `(?m)^appVersion: (\S+)$`,
			`image: ghcr.io/authserver-dev/operator:(\S+)`, `image: ghcr.io/authserver-dev/server:(\S+)`,
		},
		"config/manager/manager.yaml": {`ghcr.io/authserver-dev/operator:(\S+)`, `ghcr.io/authserver-dev/server:(\S+)`},
		"bundle/manifests/authserver-operator.clusterserviceversion.yaml": {
			`(?m)^  version: (\S+)$`, `(?m)^  name: authserver-operator\.v(\S+)$`, `ghcr.io/authserver-dev/[a-z]+:(\S+)`,
		},
		"catalog/authserver-operator/catalog.yaml": {`name: authserver-operator\.v(\S+)`, `ghcr.io/authserver-dev/operator-bundle:(\S+)`},
		"docs/install.md": {
			`operator-bundle:(\S+)`, `operator-catalog:(\S+)`, `authserver-operator\.v(\S+)`, `ref=v([^\]\s]+)`, `example.com/server:([^"\s]+)`,
		},
		"docs/release.md": {
			`ghcr.io/authserver-dev/[a-z]+:(\S+)`, `registry.example.com/[a-z]+:(\S+)`, `authserver-operator_([0-9][^_]*)_`, `checkout v(\S+)`,
		},
	}
	for file, expressions := range patterns {
		text := string(read(t, tree, file))
		for _, expression := range expressions {
			found := regexp.MustCompile(expression).FindAllStringSubmatch(text, -1)
			if len(found) == 0 {
				t.Errorf("%s has nothing like %s", file, expression)
			}
			for _, match := range found {
				if match[1] != want {
					t.Errorf("%s: %q, want version %s; run hack/release/set-version.sh", file, match[0], want)
				}
			}
		}
	}
}
