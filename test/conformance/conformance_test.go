package conformance

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// TestModules runs every module for every response type of its plan, in both response modes, on every response path.
// Its subtests are named plan/module/response type/path, as in oidcc-basic/prompt-login/code/embedded.
func TestModules(t *testing.T) {
	t.Parallel()
	servers := map[string]*servertest.Server{
		"embedded": start(t, nil),
		"api-2.x":  start(t, &servertest.Wire{Version: credentials.V2}),
		"api-3.0":  start(t, &servertest.Wire{Version: credentials.V3}),
	}
	implementations := modules()
	for _, p := range plans() {
		for _, form := range []bool{false, true} {
			name := p.name
			if form {
				name = formPost(name)
			}
			for _, runs := range p.runs {
				v := variant{responseType: runs.responseType, formPost: form}
				for _, module := range runs.modules {
					for path, server := range servers {
						t.Run(strings.Join([]string{name, module, strings.ReplaceAll(v.responseType, " ", "+"), path}, "/"), func(t *testing.T) {
							t.Parallel()
							implementations[module](newRun(t, server, v))
						})
					}
				}
			}
		}
	}
}

// start starts a server that offers every response type. Its clock is turned forward by several modules at once: its
// codes live long enough for all of them.
func start(t *testing.T, wire *servertest.Wire) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Options{
		Wire:  wire,
		Users: []configv1alpha1.User{person(t)},
		Configure: func(config *configv1alpha1.ServerConfig) {
			config.Backend.Embedded.Signing.Algorithm = configv1alpha1.SigningRS256
			config.Service.GrantTypes = []string{"authorization_code", "implicit", "refresh_token"}
			config.Service.ResponseTypes = []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
			config.Service.Tokens.AuthorizationCodeSeconds = 600
			config.Login.ACR = "urn:example:password"
		},
	})
}

// moduleNames returns the modules of a plan, each once.
func moduleNames(p plan) []string {
	names := map[string]bool{}
	for _, run := range p.runs {
		for _, module := range run.modules {
			names[module] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// TestEveryModuleHasATest: the plans have as many modules as the Foundation's, each has an implementation, and there is no
// implementation that no plan runs.
func TestEveryModuleHasATest(t *testing.T) {
	t.Parallel()
	counts, all := map[string]int{}, map[string]bool{}
	for _, p := range plans() {
		names := moduleNames(p)
		counts[p.name] = len(names)
		for _, name := range names {
			all[name] = true
		}
		for _, run := range p.runs {
			if len(slices.Compact(slices.Sorted(slices.Values(run.modules)))) != len(run.modules) {
				t.Errorf("%s lists a module twice for %s", p.name, run.responseType)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"oidcc-basic": 38, "oidcc-implicit": 31, "oidcc-hybrid": 37}, counts); diff != "" {
		t.Errorf("number of modules (-published +here):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(modules()))); diff != "" {
		t.Errorf("modules (-plans +implementations):\n%s", diff)
	}
}

// TestDocumentListsEveryModule: docs/conformance.md has a row for every module, which names its plans.
func TestDocumentListsEveryModule(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	for _, p := range plans() {
		for _, name := range moduleNames(p) {
			want[name] = append(want[name], strings.TrimPrefix(p.name, "oidcc-"))
		}
	}
	text, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([a-z, ]+) \\|").FindAllStringSubmatch(string(text), -1) {
		have[row[1]] = strings.Split(row[2], ", ")
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("docs/conformance.md (-plans +document):\n%s", diff)
	}
}
