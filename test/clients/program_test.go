package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/servertest"
)

// limit guards against a program that hangs.
const limit = 3 * time.Minute

// scopes are what every client asks for.
const scopes = "openid profile email"

// scopeGroups is asked for, too, where the server offers it; without it, claims of scopes come from the userinfo endpoint only.
const scopeGroups = "groups"

// node returns the command of a program in node. It is skipped where install.sh could not install its packages.
func node(script string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		needs(t, "node/node_modules")
		return []string{"node", filepath.Join("node", script)}
	}
}

// python returns the command of a program in python.
func python(script string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		needs(t, "python/venv/bin/python")
		return []string{"python/venv/bin/python", filepath.Join("python", script)}
	}
}

// golang builds a program of the nested module.
func golang(name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		binary := filepath.Join(t.TempDir(), name)
		build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./"+name)
		build.Dir = "go"
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", name, err, output)
		}
		return []string{binary}
	}
}

// needs skips the test, loudly, unless the path is there.
func needs(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	if os.Getenv("CLIENTS_REQUIRED") != "" {
		t.Fatalf("test/clients/%s is missing: install.sh did not install it", path)
	}
	t.Skipf("SKIPPED: test/clients/%s is missing; run make test-clients", path)
}

// message is one line of a program: a page to open, or what it found.
type message struct {
	Open   string  `json:"open"`
	Result *result `json:"result"`
}

// converse runs the program, logs in for it, and returns what it found.
func converse(t *testing.T, s *servertest.Server, command []string, client *authlete.Client) result {
	t.Helper()
	asked := scopes
	if offersGroups(t, s) {
		asked += " " + scopeGroups
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Env = append(os.Environ(),
		"ISSUER="+s.URL, "CLIENT_ID="+client.ClientIDAlias, "CLIENT_SECRET="+client.ClientSecret, "SCOPE="+asked,
		"REDIRECT_URI="+client.RedirectURIs[0], "AUTHLIB_INSECURE_TRANSPORT=1", "PYTHONDONTWRITEBYTECODE=1")
	var complaints strings.Builder
	program.Stderr = &complaints
	input, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var found *result
	browser := s.NewBrowser(t)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		var said message
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			t.Errorf("the program says %q", lines.Text())
			continue
		}
		if said.Open != "" {
			if _, err := fmt.Fprintln(input, login(t, s, browser, said.Open)); err != nil {
				t.Error(err)
			}
		}
		if said.Result != nil {
			found = said.Result
		}
	}
	if err := program.Wait(); err != nil || found == nil {
		t.Fatalf("the program ended without a result: %v\n%s\nserver: %s", err, complaints.String(), s.Log())
	}
	return *found
}

// login opens the page that the client asks for, logs in, and returns where the browser is sent.
func login(t *testing.T, s *servertest.Server, browser *servertest.Browser, address string) string {
	t.Helper()
	path, ok := strings.CutPrefix(address, s.URL)
	if !ok {
		t.Errorf("the client sends people to %s", address)
		return ""
	}
	end := browser.LogIn(browser.Get(path), "alice")
	if end.Location == nil {
		t.Errorf("the login ended with %d\n%s", end.Status, end.Body)
		return ""
	}
	return end.Location.String()
}
