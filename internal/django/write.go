package django

import (
	"fmt"
	"io"

	"github.com/authserver-dev/operator/internal/manifest"
)

// Write writes manifests for "kubectl apply": for each user the Secret and the OAuthUser, with notes as comments in the
// document of the OAuthUser. A user who is not written has a document with the notes alone.
func Write(to io.Writer, users []User) error {
	var documents []manifest.Document
	for _, user := range users {
		if user.Secret != nil {
			documents = append(documents, manifest.Document{Object: user.Secret})
		}
		document := manifest.Document{Comments: make([]string, 0, len(user.Notes))}
		for _, note := range user.Notes {
			document.Comments = append(document.Comments, fmt.Sprintf("%q: %s", user.Username, note))
		}
		if user.User != nil {
			document.Object = user.User
		}
		documents = append(documents, document)
	}
	return manifest.Write(to, documents)
}
