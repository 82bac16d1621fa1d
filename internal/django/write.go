package django

import (
	"bytes"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Write writes manifests for "kubectl apply": for each user the Secret and the OAuthUser, with notes as comments.
func Write(to io.Writer, users []User) error {
	var out bytes.Buffer
	for _, user := range users {
		for _, note := range user.Notes {
			fmt.Fprintf(&out, "# %s: %s\n", user.User.Name, note)
		}
		objects := []any{user.User}
		if user.Secret != nil {
			objects = []any{user.Secret, user.User}
		}
		for _, object := range objects {
			manifest, err := yaml.Marshal(object)
			if err != nil {
				return fmt.Errorf("encoding %s: %w", user.User.Name, err)
			}
			out.WriteString("---\n")
			out.Write(manifest)
		}
	}
	if _, err := to.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the manifests: %w", err)
	}
	return nil
}
