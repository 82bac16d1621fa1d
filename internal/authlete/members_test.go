package authlete_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/fieldusage"
	"github.com/authserver-dev/operator/test/openapi"
)

// What TestEveryMemberIsHandled finds.
const (
	notDecoded = "the member is not decoded"
	notUsed    = "the member is decoded and not used"
	notSent    = "the member is not sent"
)

// frontEndCall is a call that the server's endpoints make.
type frontEndCall struct {
	operation         string
	request, response any
}

// frontEndCalls are the calls of authlete.Runtime that take and return structures.
func frontEndCalls() []frontEndCall {
	return []frontEndCall{
		{"POST auth/authorization", authlete.AuthorizationRequest{}, authlete.AuthorizationResponse{}},
		{"POST auth/authorization/issue", authlete.AuthorizationIssueRequest{}, authlete.AuthorizationIssueResponse{}},
		{"POST auth/authorization/fail", authlete.AuthorizationFailRequest{}, authlete.AuthorizationFailResponse{}},
		{"POST auth/token", authlete.TokenRequest{}, authlete.TokenResponse{}},
		{"POST auth/token/issue", authlete.TokenIssueRequest{}, authlete.TokenIssueResponse{}},
		{"POST auth/token/fail", authlete.TokenFailRequest{}, authlete.TokenFailResponse{}},
		{"POST auth/revocation", authlete.RevocationRequest{}, authlete.RevocationResponse{}},
		{"POST auth/introspection/standard", authlete.StandardIntrospectionRequest{}, authlete.StandardIntrospectionResponse{}},
		{"POST auth/userinfo", authlete.UserInfoRequest{}, authlete.UserInfoResponse{}},
		{"POST auth/userinfo/issue", authlete.UserInfoIssueRequest{}, authlete.UserInfoIssueResponse{}},
		{"POST federation/configuration", authlete.FederationConfigurationRequest{}, authlete.FederationConfigurationResponse{}},
	}
}

// TestEveryMemberIsHandled reads the published descriptions of the API: every member of an answer is decoded and used by
// the server, and every member of a request is sent, or a table says why not.
func TestEveryMemberIsHandled(t *testing.T) {
	t.Parallel()
	usage, err := fieldusage.Load("../..", isEngine, "./server/...")
	if err != nil {
		t.Fatal(err)
	}
	documents := []*openapi.Document{openapi.Load(t, openapi.V2), openapi.Load(t, openapi.V3)}
	// A member may be in one of the documents only. The table holds for both.
	exceptions := openapi.NewExceptions(documents[0], slices.Concat(membersNotUsed(), membersNotSent()))
	for _, document := range documents {
		for _, call := range frontEndCalls() {
			exceptions.Report(t, findingsOf(t, document, call, usage))
		}
	}
	for _, err := range exceptions.Unused() {
		t.Error(err)
	}
}

// isEngine says whether a package is the engine's: it stands for the other side.
func isEngine(path string) bool {
	return strings.Contains(path, "/server/engine")
}

// TestEveryCallOfTheServerIsRead: no call is missing from the list.
func TestEveryCallOfTheServerIsRead(t *testing.T) {
	t.Parallel()
	listed := map[reflect.Type]bool{}
	for _, call := range frontEndCalls() {
		listed[reflect.TypeOf(call.request)] = true
	}
	for method := range reflect.TypeFor[authlete.Runtime]().Methods() {
		for in := range method.Type.Ins() {
			if in.Kind() == reflect.Pointer && !listed[in.Elem()] && method.Name != "Introspection" { // for resource servers; no endpoint makes it
				t.Errorf("%s is not in the list", method.Name)
			}
		}
	}
}

// findingsOf are the members of a call that are not handled.
func findingsOf(t *testing.T, document *openapi.Document, call frontEndCall, usage *fieldusage.Usage) []openapi.Finding {
	t.Helper()
	var findings []openapi.Finding
	for part, structure := range map[string]any{openapi.Request: call.request, openapi.Response: call.response} {
		// The limited views of client and service are not walked: what the pages do not show of them is for the backend. An
		// offer of credentials is refused as a whole.
		walk := func(pointer string) bool {
			return pointer != "/client" && pointer != "/service" && pointer != "/credentialOfferInfo"
		}
		pointers, err := document.Members(call.operation, part, walk)
		if err != nil {
			t.Fatal(err)
		}
		reported := map[string]bool{}
		for _, pointer := range pointers {
			if reported[openapi.Parent(pointer)] {
				reported[pointer] = true
				continue
			}
			if problem := problemOf(part, wayTo(reflect.TypeOf(structure), pointer), usage); problem != "" {
				reported[pointer] = true
				findings = append(findings, openapi.Finding{Operation: call.operation, Part: part, Pointer: pointer, Problem: problem})
			}
		}
	}
	return findings
}

func problemOf(part string, way []fieldusage.Field, usage *fieldusage.Usage) string {
	handled, problem := usage.Read, notUsed
	if part == openapi.Request {
		handled, problem = usage.Set, notSent
	}
	switch {
	case way == nil && part == openapi.Request:
		return notSent
	case way == nil:
		return notDecoded
	case slices.ContainsFunc(way, func(field fieldusage.Field) bool { return !handled(field) }):
		return problem
	default:
		return ""
	}
}

// wayTo are the fields that lead from the object around a member to the member: embedded structures and its own. It is nil
// if the structure does not have it.
func wayTo(structure reflect.Type, pointer string) []fieldusage.Field {
	var way []fieldusage.Field
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		for structure.Kind() == reflect.Pointer || structure.Kind() == reflect.Slice {
			structure = structure.Elem()
		}
		if name == "*" {
			continue
		}
		way = nil
		if structure.Kind() == reflect.Struct {
			way, structure = member(structure, name)
		}
		if way == nil {
			return nil
		}
	}
	return way
}

// member finds a JSON member in a structure and in those that it embeds.
func member(of reflect.Type, name string) ([]fieldusage.Field, reflect.Type) {
	for field := range of.Fields() {
		step := fieldusage.Field{Package: of.PkgPath(), Structure: of.Name(), Name: field.Name}
		if field.Anonymous {
			if way, found := member(field.Type, name); way != nil {
				return append([]fieldusage.Field{step}, way...), found
			}
		}
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
			return []fieldusage.Field{step}, field.Type
		}
	}
	return nil, nil
}
