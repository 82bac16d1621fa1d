package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/authserver-dev/operator/test/openapi"
)

// small is a document with what the tests need.
const small = `
openapi: 3.0.3
info: {title: Small, version: "1"}
security: [{bearer: []}]
paths:
  /api/{serviceId}/thing/get/list:
    parameters: [{name: serviceId, in: path, required: true, schema: {type: string}}]
    get:
      parameters: [{name: start, in: query, schema: {type: integer}}]
      responses: {"200": {description: "", content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/thing"}}}}}}
  /api/{serviceId}/thing/{verb}/{id}:
    parameters:
    - {name: serviceId, in: path, required: true, schema: {type: string}}
    - {name: verb, in: path, required: true, schema: {type: string}}
    - {name: id, in: path, required: true, schema: {type: string}}
    post:
      requestBody: {required: true, content: {application/json: {example: {name: a}, schema: {$ref: "#/components/schemas/thing"}}}}
      responses:
        "200": {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/thing"}}}}
        "204": {description: ""}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    result: {type: object, properties: {resultCode: {type: string}}}
    free: {type: object, properties: {any: {type: object}, more: {type: object, properties: {a: {type: string}}, additionalProperties: true}}}
    thing:
      type: object
      required: [name]
      properties:
        name: {type: string}
        number: {type: integer, readOnly: true}
        kind: {type: string, enum: [GOOD, BAD]}
        parts: {type: array, items: {$ref: "#/components/schemas/thing"}}
`

func parse(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// exchange is one that the document allows, but for what a test changes.
func exchange(change func(*openapi.Exchange)) *openapi.Exchange {
	e := &openapi.Exchange{
		Request:     httptest.NewRequest(http.MethodPost, "/api/1/thing/update/a%2Fb", http.NoBody),
		RequestBody: []byte(`{"name":"a","kind":"GOOD","parts":[{"name":"b"}]}`),
		Status:      http.StatusOK, Header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}},
		Body: []byte(`{"name":"a","number":1,"kind":"BAD"}`),
	}
	e.Request.Header.Set("Authorization", "Bearer token")
	e.Request.Header.Set("Content-Type", "application/json")
	change(e)
	return e
}

// TestFindings: whatever is wrong with an exchange is found, and where.
func TestFindings(t *testing.T) {
	t.Parallel()
	const operation = "POST thing"
	request := func(body string) func(*openapi.Exchange) {
		return func(e *openapi.Exchange) { e.RequestBody = []byte(body) }
	}
	response := func(status int, body string) func(*openapi.Exchange) {
		return func(e *openapi.Exchange) { e.Status, e.Body = status, []byte(body) }
	}
	for name, test := range map[string]struct {
		change                 func(*openapi.Exchange)
		part, pointer, problem string
	}{
		"wrong enum in a request":         {request(`{"name":"a","kind":"UGLY"}`), openapi.Request, "/kind", "UGLY is not among the values"},
		"wrong type in a request":         {request(`{"name":1}`), openapi.Request, "/name", "string"},
		"null in a request":               {request(`{"name":null}`), openapi.Request, "/name", "not nullable"},
		"unknown member of a request":     {request(`{"name":"a","parts":[{"name":"b","color":"red"}]}`), openapi.Request, "/parts/*/color", "no such member"},
		"missing member of a request":     {request(`{"parts":[{"name":"b"},{}],"name":"a"}`), openapi.Request, "/parts/*/name", "missing"},
		"read-only member of a request":   {request(`{"name":"a","number":1}`), openapi.Request, "/number", "readOnly"},
		"request that is no JSON":         {request(`{`), openapi.Request, "", "decode"},
		"request without credentials":     {func(e *openapi.Exchange) { e.Request.Header.Del("Authorization") }, openapi.Request, "", "security"},
		"request with another type":       {func(e *openapi.Exchange) { e.Request.Header.Set("Content-Type", "text/plain") }, openapi.Request, "", "Content-Type"},
		"wrong enum in a response":        {response(http.StatusOK, `{"name":"a","kind":"UGLY"}`), openapi.Response, "/kind", "UGLY is not among the values"},
		"wrong type in a response":        {response(http.StatusOK, `{"name":"a","number":"1"}`), openapi.Response, "/number", "integer"},
		"unknown member of a response":    {response(http.StatusOK, `{"name":"a","color":"red"}`), openapi.Response, "/color", "no such member"},
		"missing member of a response":    {response(http.StatusOK, `{}`), openapi.Response, "/name", "missing"},
		"response that is no JSON":        {response(http.StatusOK, `<html>`), openapi.Response, "", "decode"},
		"undocumented status":             {response(http.StatusConflict, `{"resultCode":"E1"}`), openapi.Response, "", "status 409 is not documented"},
		"body where there should be none": {response(http.StatusNoContent, `{}`), openapi.Response, "", "status 204 has a body"},
		"response of another type":        {func(e *openapi.Exchange) { e.Header.Set("Content-Type", "text/html") }, openapi.Response, "", "Content-Type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, e := parse(t), exchange(test.change)
			got := append(document.CheckRequest(e), document.CheckResponse(e)...)
			want := openapi.Finding{Operation: "POST thing", Part: test.part, Pointer: test.pointer}
			if len(got) != 1 || !cmp.Equal(got[0], want, cmpopts.IgnoreFields(openapi.Finding{}, "Problem")) ||
				!strings.Contains(got[0].Problem, test.problem) {
				t.Errorf("found %q, want one at %s %s %s with %q", got, operation, test.part, test.pointer, test.problem)
			}
		})
	}
}

func TestNothingFound(t *testing.T) {
	t.Parallel()
	document := parse(t)
	for name, e := range map[string]*openapi.Exchange{
		"with bodies": exchange(func(*openapi.Exchange) {}),
		"without": exchange(func(e *openapi.Exchange) {
			e.Status, e.Body = http.StatusNoContent, nil
			e.Header.Del("Content-Type")
		}),
	} {
		if got := append(document.CheckRequest(e), document.CheckResponse(e)...); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestOperations: of the paths that match, the one with the fewest parameters counts, and there is none for what is not there.
func TestOperations(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"GET /api/1/thing/get/list":        "GET thing/get/list",
		"POST /api/1/thing/get/list2":      "POST thing",
		"POST /api/1/thing/get/list":       "no method POST",
		"GET /api/1/thing/get/x":           "no method GET",
		"GET /api/1/other":                 "no path",
		"POST /api/1/thing/get/":           "no path",
		"GET /api/1/thing/get/list?start=": "GET thing/get/list",
	} {
		method, path, _ := strings.Cut(target, " ")
		request := httptest.NewRequest(method, path, http.NoBody)
		got, err := parse(t).Operation(request)
		if err != nil {
			got = err.Error()
			findings := parse(t).CheckRequest(&openapi.Exchange{Request: request})
			findings = append(findings, parse(t).CheckResponse(&openapi.Exchange{Request: request})...)
			if len(findings) != 2 {
				t.Errorf("%s: %q", target, findings)
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s is %s, want %s", target, got, want)
		}
	}
}

func TestExamples(t *testing.T) {
	t.Parallel()
	examples, err := parse(t).Examples(map[string]string{"serviceId": "1", "id": "a"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, example := range examples {
		got = append(got, example.Request.Method+" "+example.Request.URL.Path+" "+string(example.RequestBody))
	}
	want := []string{`POST /api/1/thing/none/a {"name":"a"}`, "GET /api/1/thing/get/list "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	e := &openapi.Exchange{Request: httptest.NewRequest(http.MethodGet, "/api/1/thing/get/list?start=x", http.NoBody)}
	e.Request.Header.Set("Authorization", "Bearer token")
	if got := parse(t).CheckRequest(e); len(got) != 1 || !strings.Contains(got[0].Problem, `"start"`) {
		t.Errorf("%q", got)
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	document := parse(t)
	if got, err := document.CheckSchema("free", openapi.Request, []byte(`{"any":{"x":1},"more":{"b":2}}`)); err != nil || len(got) > 0 {
		t.Errorf("objects that take any member: %q, %v", got, err)
	}
	if got, err := document.CheckSchema("thing", openapi.Response, []byte(`{"nam":"a"}`)); err != nil || len(got) != 2 {
		t.Errorf("a wrong member and a missing one: %q, %v", got, err)
	}
	if _, err := document.CheckSchema("nothing", openapi.Request, []byte(`{}`)); err == nil {
		t.Error("a schema that is not there checks something")
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	document := parse(t)
	finding := openapi.Finding{Operation: "GET thing", Part: openapi.Response, Pointer: "/color", Problem: "no such member"}
	for name, test := range map[string]struct {
		row            openapi.Exception
		report, unused int
	}{
		"fits":           {openapi.Exception{Operation: "GET thing", Part: openapi.Response, Pointer: "/color", Problem: "such", Reason: "x"}, 0, 0},
		"fits any":       {openapi.Exception{Pointer: "/color", Reason: "x"}, 0, 0},
		"no reason":      {openapi.Exception{Pointer: "/color"}, 0, 1},
		"other document": {openapi.Exception{Document: openapi.V2, Pointer: "/color", Reason: "x"}, 1, 0},
		"other call":     {openapi.Exception{Operation: "PUT thing", Pointer: "/color", Reason: "x"}, 1, 1},
		"other part":     {openapi.Exception{Part: openapi.Request, Pointer: "/color", Reason: "x"}, 1, 1},
		"other pointer":  {openapi.Exception{Pointer: "/name", Reason: "x"}, 1, 1},
		"other problem":  {openapi.Exception{Pointer: "/color", Problem: "readOnly", Reason: "x"}, 1, 1},
	} {
		exceptions, into := openapi.NewExceptions(document, []openapi.Exception{test.row}), &counter{TB: t}
		exceptions.Report(into, []openapi.Finding{finding, finding})
		if unused := exceptions.Unused(); into.errors != test.report || len(unused) != test.unused {
			t.Errorf("%s: %d reported, %v unused, want %d and %d", name, into.errors, unused, test.report, test.unused)
		}
	}
}

// counter counts errors instead of failing.
type counter struct {
	testing.TB

	errors int
}

func (c *counter) Helper()      {}
func (c *counter) Error(...any) { c.errors++ }

func TestRecorder(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("echo of " + r.URL.Path)) // the test sees it missing
	}))
	t.Cleanup(server.Close)
	recorder := &openapi.Recorder{Next: http.DefaultTransport}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/x", strings.NewReader("sent"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := recorder.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	got := recorder.Exchanges()
	if len(got) != 1 || string(got[0].RequestBody) != "sent" || got[0].Status != http.StatusTeapot || string(got[0].Body) != "echo of /x" {
		t.Errorf("recorded %+v", got)
	}
}

// TestDocuments: both documents can be used, and the constants of the contract can be read.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, name := range []string{openapi.V2, openapi.V3} {
		document := openapi.Load(t, name)
		if got, err := document.CheckSchema("client", openapi.Request, []byte(`{"applicationType":"TOASTER"}`)); err != nil || len(got) != 1 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	constants, err := openapi.Enumerations("../../internal/authlete")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"PUBLIC", "CONFIDENTIAL"}, constants["ClientType"]); diff != "" {
		t.Error(diff)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	document := parse(t)
	for name, test := range map[string]struct {
		operation, part string
		within          bool
		want            []string
	}{
		"request":          {"POST thing", openapi.Request, true, []string{"/kind", "/name", "/number", "/parts"}},
		"answer is a list": {"GET thing/get/list", openapi.Response, true, []string{"/*/kind", "/*/name", "/*/number", "/*/parts"}},
		"no body":          {"GET thing/get/list", openapi.Request, true, nil},
	} {
		got, err := document.Members(test.operation, test.part, func(string) bool { return test.within })
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if _, err := document.Members("GET nothing", openapi.Response, func(string) bool { return true }); err == nil {
		t.Error("an operation that is not there has members")
	}
	if got := openapi.Parent("/parts/*/name"); got != "/parts" {
		t.Errorf("the parent of /parts/*/name is %q", got)
	}
}
