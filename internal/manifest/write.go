package manifest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"
)

// Document is a resource with comments for people.
type Document struct {
	// Object is the resource; nil for a document that has comments only.
	Object any
	// Comments are written above it.
	Comments []string
}

// Write writes the documents as YAML, each with its comments inside.
func Write(to io.Writer, documents []Document) error {
	var out bytes.Buffer
	for _, document := range documents {
		out.WriteString("---\n")
		for _, comment := range document.Comments {
			fmt.Fprintf(&out, "# %s\n", Line(comment))
		}
		if document.Object == nil {
			continue
		}
		text, err := yaml.Marshal(document.Object)
		if err != nil {
			return fmt.Errorf("encoding %T: %w", document.Object, err)
		}
		out.Write(text)
	}
	if _, err := to.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the manifests: %w", err)
	}
	return nil
}

// Line returns a text as one line that changes no terminal: nothing of a foreign text may end a comment.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '·'
		}
		return r
	}, text)
}
