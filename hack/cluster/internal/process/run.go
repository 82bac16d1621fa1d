package process

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// maxMessage bounds the output of a failed command in its error.
const maxMessage = 2000

// Run runs a short command with the input and returns what it wrote to its standard output; an error carries the end
// of what it wrote to both.
func Run(ctx context.Context, input, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(out.String() + problems.String())
		return "", fmt.Errorf("running %s %s: %w: %s", filepath.Base(path), strings.Join(args, " "), err, text[max(0, len(text)-maxMessage):])
	}
	return out.String(), nil
}
