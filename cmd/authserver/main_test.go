package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestCommands: each program says its version on stdout, where scripts read it; other commands are refused by name.
func TestCommands(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--version"}, {"serve", "--version"}, {"engine", "--version"}} {
		var out, problems bytes.Buffer
		if err := run(t.Context(), args, &out, &problems); err != nil {
			t.Fatal(err)
		}
		if out.Len() == 0 || problems.Len() != 0 {
			t.Errorf("%v: stdout %q, stderr %q", args, &out, &problems)
		}
	}
	for command, says := range map[string]string{"engine": "stand-in for Authlete", "serve": "configuration"} {
		var out, problems bytes.Buffer
		if err := run(t.Context(), []string{command, "--help"}, &out, &problems); err != nil || !strings.Contains(problems.String(), says) {
			t.Errorf("%s --help: %v, %q", command, err, &problems)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"destroy"}, &out, &out); err == nil || !strings.Contains(err.Error(), "destroy") {
		t.Errorf("an unknown command: %v", err)
	}
}
