package clientimport

import (
	"fmt"
	"io"

	"github.com/authserver-dev/operator/internal/manifest"
)

// Write writes manifests for "kubectl apply", with notes as comments. A client that is not imported has a document with
// the notes alone.
func Write(to io.Writer, clients []Client) error {
	documents := make([]manifest.Document, 0, len(clients))
	for _, client := range clients {
		var document manifest.Document
		for _, note := range client.Notes {
			document.Comments = append(document.Comments, fmt.Sprintf("client %s: %s", client.Number, note))
		}
		if client.Object != nil {
			document.Object = client.Object
		}
		documents = append(documents, document)
	}
	return manifest.Write(to, documents)
}
