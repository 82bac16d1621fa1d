package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

const (
	// Request is the part of a finding about what was sent.
	Request = "request"
	// Response is the part of a finding about what was answered.
	Response = "response"
)

// Finding is something that a document does not allow.
type Finding struct {
	// Operation is the method and the path below the service, e.g. "GET client/get", or the name of a schema.
	Operation string
	// Part is Request or Response.
	Part string
	// Pointer is where in the body, as a JSON pointer with * for every index; empty for what is not in the body.
	Pointer string
	// Problem says what is wrong.
	Problem string
}

// String makes a line of a finding.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s %s: %s", f.Operation, f.Part, f.Pointer, f.Problem)
}

// Operation returns the method and the path below the service that an exchange is about, e.g. "GET client/get".
func (d *Document) Operation(of *http.Request) (string, error) {
	found, err := d.find(of)
	if err != nil {
		return "", err
	}
	return found.name(), nil
}

// CheckRequest returns what the document does not allow in a request.
func (d *Document) CheckRequest(exchange *Exchange) []Finding {
	found, err := d.find(exchange.Request)
	if err != nil {
		return []Finding{{Operation: exchange.Request.Method + " " + exchange.Request.URL.Path, Part: Request, Problem: err.Error()}}
	}
	input := d.input(found, exchange)
	findings := findingsOf(openapi3filter.ValidateRequest(context.Background(), input))
	if body := found.operation.RequestBody; body != nil && len(exchange.RequestBody) > 0 {
		findings = append(findings, unknownIn(body.Value.Content.Get(exchange.Request.Header.Get("Content-Type")), exchange.RequestBody)...)
	}
	return labeled(findings, found.name(), Request)
}

// CheckResponse returns what the document does not allow in the answer to a request.
func (d *Document) CheckResponse(exchange *Exchange) []Finding {
	found, err := d.find(exchange.Request)
	if err != nil {
		return []Finding{{Operation: exchange.Request.Method + " " + exchange.Request.URL.Path, Part: Response, Problem: err.Error()}}
	}
	documented := found.operation.Responses.Status(exchange.Status)
	if documented == nil {
		return labeled(d.undocumented(exchange), found.name(), Response)
	}
	input := d.input(found, exchange)
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: exchange.Status, Header: exchange.Header, Options: input.Options,
	}
	response.SetBodyBytes(exchange.Body)
	findings := findingsOf(openapi3filter.ValidateResponse(context.Background(), response))
	content := documented.Value.Content
	if len(content) == 0 && len(exchange.Body) > 0 {
		findings = append(findings, Finding{Problem: fmt.Sprintf("status %d has a body where none is documented", exchange.Status)})
	}
	findings = append(findings, unknownIn(content.Get(exchange.Header.Get("Content-Type")), exchange.Body)...)
	return labeled(findings, found.name(), Response)
}

// undocumented is about an answer whose status the operation does not have. Its body has to be that of all other errors.
func (d *Document) undocumented(exchange *Exchange) []Finding {
	findings, err := d.CheckSchema("result", Response, exchange.Body)
	if err != nil {
		findings = append(findings, Finding{Problem: err.Error()})
	}
	return append(findings, Finding{Problem: fmt.Sprintf("status %d is not documented", exchange.Status)})
}

// CheckSchema returns what a schema does not allow in a JSON text that is a request or a response, or part of one.
func (d *Document) CheckSchema(name, part string, text []byte) ([]Finding, error) {
	schemas := d.doc.Components.Schemas
	found, ok := schemas[name]
	if !ok { // the documents differ in spelling
		found, ok = schemas[strings.ToUpper(name[:1])+name[1:]]
	}
	if !ok {
		return nil, fmt.Errorf("%s has no schema %s", d.Name, name)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	as := openapi3.VisitAsRequest()
	if part == Response {
		as = openapi3.VisitAsResponse()
	}
	findings := findingsOf(found.Value.VisitJSON(value, openapi3.MultiErrors(), as))
	return labeled(append(findings, unknown(found.Value, value, "")...), name, part), nil
}

// input prepares an exchange for the validator.
func (d *Document) input(found *operation, exchange *Exchange) *openapi3filter.RequestValidationInput {
	request := exchange.Request.Clone(context.Background())
	request.Body = io.NopCloser(bytes.NewReader(exchange.RequestBody))
	return &openapi3filter.RequestValidationInput{
		Request: request, PathParams: found.parameters,
		Route: &routers.Route{Spec: d.doc, Path: found.template, PathItem: found.item, Method: found.method, Operation: found.operation},
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
			AuthenticationFunc: d.authenticated,
		},
	}
}

// authenticated checks that a request carries the credentials of a security scheme.
func (d *Document) authenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	request := input.RequestValidationInput.Request
	if strings.EqualFold(input.SecurityScheme.Scheme, "bearer") {
		if !strings.HasPrefix(request.Header.Get("Authorization"), "Bearer ") {
			return input.NewError(nil)
		}
		return nil
	}
	user, _, ok := request.BasicAuth()
	if want, known := d.Users[input.SecuritySchemeName]; !ok || known && user != want {
		return input.NewError(nil)
	}
	return nil
}

// findingsOf takes the validator's errors apart.
func findingsOf(err error) []Finding {
	if err == nil {
		return nil
	}
	if several, ok := errors.AsType[openapi3.MultiError](err); ok {
		var findings []Finding
		for _, one := range several {
			findings = append(findings, findingsOf(one)...)
		}
		return findings
	}
	if schema, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		problem := schema.Reason
		if schema.SchemaField == "enum" {
			problem = fmt.Sprintf("%v is not among the values", schema.Value)
		}
		return []Finding{{Pointer: pointerOf(schema.JSONPointer()), Problem: problem}}
	}
	return []Finding{{Problem: err.Error()}}
}

func pointerOf(keys []string) string {
	var pointer strings.Builder
	for _, key := range keys {
		if _, err := strconv.Atoi(key); err == nil {
			key = "*"
		}
		pointer.WriteString("/" + key)
	}
	return pointer.String()
}

// unknownIn returns the members of a JSON body that its schema does not have. What is no JSON the validator has refused.
func unknownIn(media *openapi3.MediaType, body []byte) []Finding {
	var value any
	if media == nil || media.Schema == nil || json.Unmarshal(body, &value) != nil {
		return nil
	}
	return unknown(media.Schema.Value, value, "")
}

// unknown returns the members of a value that its schema does not have. An object without properties takes any.
func unknown(schema *openapi3.Schema, value any, pointer string) []Finding {
	var findings []Finding
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if schema.Items != nil {
				findings = append(findings, unknown(schema.Items.Value, item, pointer+"/*")...)
			}
		}
	case map[string]any:
		known := properties(schema)
		for name, member := range value {
			below := pointer + "/" + name
			switch property, ok := known[name]; {
			case ok:
				findings = append(findings, unknown(property.Value, member, below)...)
			case len(known) > 0 && !open(schema):
				findings = append(findings, Finding{Pointer: below, Problem: "the schema has no such member"})
			}
		}
	}
	return findings
}

// open says whether a schema takes members that it does not name.
func open(schema *openapi3.Schema) bool {
	more := schema.AdditionalProperties
	return more.Schema != nil || more.Has != nil && *more.Has
}

// properties are the members that a schema names, itself or in a part of it.
func properties(schema *openapi3.Schema) openapi3.Schemas {
	all := openapi3.Schemas{}
	maps.Copy(all, schema.Properties)
	for _, parts := range []openapi3.SchemaRefs{schema.AllOf, schema.OneOf, schema.AnyOf} {
		for _, part := range parts {
			maps.Copy(all, properties(part.Value))
		}
	}
	return all
}

func labeled(findings []Finding, operation, part string) []Finding {
	for i := range findings {
		findings[i].Operation, findings[i].Part = operation, part
	}
	return findings
}
