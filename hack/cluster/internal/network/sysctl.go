package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const ipForward = "net/ipv4/ip_forward"

// touchedSettings are the kernel's settings that the node changes: forwarding by us, the rest by the kubelet when it starts.
func touchedSettings() []string {
	return []string{
		ipForward,
		"vm/overcommit_memory", "vm/panic_on_oom",
		"kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	}
}

// sysctl remembers the kernel's settings in a file.
type sysctl struct {
	root string
	file string
}

// remember stores the settings as they are before the node changes them; a second time it does nothing.
func (s sysctl) remember() error {
	if _, err := os.Stat(s.file); err == nil {
		return nil
	}
	var text strings.Builder
	for _, name := range touchedSettings() {
		value, err := os.ReadFile(filepath.Join(s.root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // this kernel has no such setting
		}
		if err != nil {
			return fmt.Errorf("reading kernel setting %s: %w", name, err)
		}
		fmt.Fprintf(&text, "%s %s\n", name, strings.TrimSpace(string(value)))
	}
	if err := os.WriteFile(s.file, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("remembering kernel settings: %w", err)
	}
	return nil
}

// restore puts the remembered settings back.
func (s sysctl) restore() error {
	text, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("restoring kernel settings: %w", err)
	}
	var problems []error
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			problems = append(problems, s.set(name, value))
		}
	}
	return errors.Join(problems...)
}

// set changes a setting unless it has the value.
func (s sysctl) set(name, value string) error {
	path := filepath.Join(s.root, name)
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading kernel setting %s: %w", name, err)
	}
	if strings.TrimSpace(string(have)) == value {
		return nil
	}
	if err := os.WriteFile(path, []byte(value+"\n"), 0o644); err != nil {
		return fmt.Errorf("changing kernel setting %s: %w", name, err)
	}
	return nil
}
