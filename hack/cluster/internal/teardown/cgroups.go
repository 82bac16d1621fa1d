package teardown

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Cgroups removes the kubelet's control groups once they are empty. Groups with processes belong to somebody else and stay.
func Cgroups(ctx context.Context, root string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		left, err := removeGroups(root)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("removing control groups: %d are still in use", left)
		case <-time.After(20 * time.Millisecond): // the kernel lets go of a group a moment after its last process
		}
	}
}

// removeGroups tries once and returns how many groups are left.
func removeGroups(root string) (int, error) {
	var roots []string
	// One folder for each controller in version 1, none in version 2. The pods' are the kubelet's, k8s.io is containerd's.
	for _, pattern := range []string{"kubepods", "k8s.io", "*/kubepods", "*/k8s.io"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return 0, fmt.Errorf("looking for control groups: %w", err)
		}
		roots = append(roots, found...)
	}
	left := 0
	for _, root := range roots {
		for _, dir := range foldersInnerFirst(root) {
			if err := os.Remove(dir); err != nil && !os.IsNotExist(err) {
				left++
			}
		}
	}
	return left, nil
}

// foldersInnerFirst lists a folder and those below it; one that vanishes meanwhile is not missed.
func foldersInnerFirst(root string) []string {
	var dirs []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	slices.Reverse(dirs)
	return dirs
}
