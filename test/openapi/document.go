package openapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	// V2 is the document of the API 2.x.
	V2 = "authlete-2.3.12.yaml"
	// V3 is the document of the API 3.0.
	V3 = "authlete-3.0.16.yaml"

	// directoryVariable names the environment variable with the directory of the documents.
	directoryVariable = "AUTHLETE_OPENAPI"
)

// Document is an OpenAPI document.
type Document struct {
	// Name is the name of the file.
	Name string
	// Users are the user names that stand for the security schemes with HTTP Basic; a scheme that is not in it takes any.
	Users map[string]string

	doc *openapi3.T
}

// Load reads a document, or skips the test where there is none.
func Load(tb testing.TB, name string) *Document {
	tb.Helper()
	directory := os.Getenv(directoryVariable)
	if directory == "" {
		directory = filepath.Join(moduleRoot(tb), "..", "shared", "reference", "authlete-openapi")
	}
	data, err := os.ReadFile(filepath.Join(directory, name))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("%s, an OpenAPI document of Authlete, is not in %s; %s may name another directory", name, directory, directoryVariable)
	}
	if err != nil {
		tb.Fatal(err)
	}
	document, err := Parse(name, data)
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

// Parse reads a document. It is not validated itself: the examples of Authlete's documents do not fit their schemas, and
// that of 2.3.12 forgets to declare a parameter of the path /api/client/authorization/delete/{clientId}.
func Parse(name string, data []byte) (*Document, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return &Document{Name: name, doc: doc}, nil
}

// moduleRoot is the directory above the test with the file go.mod.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	directory, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			tb.Fatal("finding go.mod above the test")
		}
		directory = parent
	}
}

// operation is an operation of a document, as a request meets it.
type operation struct {
	method, template string
	item             *openapi3.PathItem
	operation        *openapi3.Operation
	parameters       map[string]string
}

// name is the operation without what the dialects put around it, e.g. "GET client/get".
func (o *operation) name() string {
	var call []string
	for segment := range strings.SplitSeq(strings.TrimPrefix(o.template, "/api/"), "/") {
		if !strings.HasPrefix(segment, "{") {
			call = append(call, segment)
		}
	}
	return o.method + " " + strings.Join(call, "/")
}

// find returns the operation that a request is for: of the paths that match, the one with the fewest parameters.
func (d *Document) find(request *http.Request) (*operation, error) {
	var found *operation
	for template, item := range d.doc.Paths.Map() {
		parameters, ok := match(template, request.URL)
		if !ok || found != nil && len(found.parameters) <= len(parameters) {
			continue
		}
		found = &operation{method: request.Method, template: template, item: item, operation: item.GetOperation(request.Method), parameters: parameters}
	}
	switch {
	case found == nil:
		return nil, fmt.Errorf("%s has no path for %s", d.Name, request.URL.Path)
	case found.operation == nil:
		return nil, fmt.Errorf("%s has no method %s for %s", d.Name, request.Method, found.template)
	}
	return found, nil
}

// match holds a path against a template and returns the parameters.
func match(template string, address *url.URL) (map[string]string, bool) {
	wanted, segments := strings.Split(template, "/"), strings.Split(address.EscapedPath(), "/")
	if len(wanted) != len(segments) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, want := range wanted {
		if !strings.HasPrefix(want, "{") {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		parameters[strings.Trim(want, "{}")] = value
	}
	return parameters, true
}

// Examples returns a request for every operation, with the example that the document has for its body; those that delete
// come last. Parameters of paths get the values given by name, or else "none"; parameters of queries are left out.
func (d *Document) Examples(parameters map[string]string) ([]Exchange, error) {
	var examples []Exchange
	for template, item := range d.doc.Paths.Map() {
		segments := strings.Split(template, "/")
		for i, segment := range segments {
			if name, ok := strings.CutPrefix(segment, "{"); ok {
				segments[i] = cmp.Or(parameters[strings.TrimSuffix(name, "}")], "none")
			}
		}
		for method, operation := range item.Operations() {
			example := Exchange{Request: &http.Request{Method: method, URL: &url.URL{Path: strings.Join(segments, "/")}, Header: http.Header{}}}
			if operation.RequestBody != nil {
				body, err := exampleOf(operation.RequestBody.Value.Content.Get("application/json"))
				if err != nil {
					return nil, fmt.Errorf("encoding the example of %s %s: %w", method, template, err)
				}
				example.RequestBody = body
				example.Request.Header.Set("Content-Type", "application/json")
			}
			examples = append(examples, example)
		}
	}
	slices.SortFunc(examples, func(a, b Exchange) int {
		return cmp.Or(cmp.Compare(b.Request.Method, a.Request.Method), cmp.Compare(a.Request.URL.Path, b.Request.URL.Path))
	})
	return examples, nil
}

// exampleOf is the example of a body; an empty object if the document has none.
func exampleOf(media *openapi3.MediaType) ([]byte, error) {
	if media == nil || media.Example == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(media.Example)
}
