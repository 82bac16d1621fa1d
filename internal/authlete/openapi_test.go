package authlete_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/test/openapi"
)

// TestStructuresAreTheAPIs fills every structure of the contract and holds what it is encoded as against the published
// description of the API: names, types, and every value of every enumeration.
func TestStructuresAreTheAPIs(t *testing.T) {
	t.Parallel()
	values, err := openapi.Enumerations(".")
	if err != nil {
		t.Fatal(err)
	}
	// Members with an enumeration that is a plain string here, because nothing depends on its values.
	values["display"], values["supportedDisplays"] = []string{"PAGE", "POPUP", "TOUCH", "WAP"}, []string{"PAGE", "POPUP", "TOUCH", "WAP"}
	values["supportedClaimTypes"] = []string{"NORMAL", "AGGREGATED", "DISTRIBUTED"}
	values["lowestPrompt"] = []string{"NONE", "LOGIN", "CONSENT", "SELECT_ACCOUNT"}
	values["subjectType"] = []string{"PUBLIC", "PAIRWISE"}
	for _, document := range []string{openapi.V2, openapi.V3} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			document := openapi.Load(t, document)
			exceptions := openapi.NewExceptions(document, exceptionsOfStructures())
			var findings []openapi.Finding
			for name, structure := range structures() {
				part := openapi.Response
				if strings.HasSuffix(name, "_request") {
					part = openapi.Request
				}
				for variant := range variants(values) {
					filled := reflect.New(reflect.TypeOf(structure)).Elem()
					fill(filled, "", values, variant)
					text, err := json.Marshal(filled.Interface())
					if err != nil {
						t.Fatal(err)
					}
					found, err := document.CheckSchema(name, part, text)
					if err != nil {
						t.Fatal(err)
					}
					findings = append(findings, found...)
				}
			}
			exceptions.Report(t, findings)
			for _, err := range exceptions.Unused() {
				t.Error(err)
			}
		})
	}
}

// TestStructuresAreComplete: whatever a method of the contract takes or returns is compared with the API.
func TestStructuresAreComplete(t *testing.T) {
	t.Parallel()
	compared := map[reflect.Type]bool{}
	for _, structure := range structures() {
		compared[reflect.TypeOf(structure)] = true
	}
	compared[reflect.TypeFor[authlete.FederationConfigurationRequest]()] = true // the documents do not describe it
	for _, of := range []reflect.Type{reflect.TypeFor[authlete.Runtime](), reflect.TypeFor[authlete.Management]()} {
		for method := range of.Methods() {
			parts := slices.AppendSeq(slices.Collect(method.Type.Ins()), method.Type.Outs())
			for _, part := range parts {
				if part.Kind() == reflect.Pointer && !compared[part.Elem()] {
					t.Errorf("%s: %s is not compared", method.Name, part.Elem())
				}
			}
		}
	}
}

// exceptionsOfStructures are the members and values that a document does not have, each with its reason.
func exceptionsOfStructures() []openapi.Exception {
	const (
		ours  = "the embedded engine's own; Authlete is taken to overlook it"
		later = "new in the API 3.0"
		list  = "the document calls it a string, its description and Authlete's libraries a list"
		newer = "newer than both documents; Authlete's library for Java reads it"
	)
	return []openapi.Exception{
		{Operation: "service", Pointer: "/logoUri", Reason: ours},
		{Operation: "service", Pointer: "/authorizationCodeDuration", Reason: ours},
		{Operation: "service", Pointer: "/refreshTokenAbsoluteDuration", Reason: ours},
		{Operation: "service", Pointer: "/refreshTokenLeeway", Reason: ours},
		{Document: openapi.V2, Operation: "authorization_request", Pointer: "/context", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/claimsAtUserInfo", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/credentialOfferInfo", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/issuableCredentials", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/nativeSsoRequested", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/metadataDocumentUsed", Reason: later},
		{Document: openapi.V2, Operation: "authorization_response", Pointer: "/prompts/*", Problem: "CREATE", Reason: later},
		{Document: openapi.V2, Operation: "token_response", Pointer: "/action", Problem: "ID_TOKEN_REISSUABLE", Reason: later},
		{Document: openapi.V2, Operation: "token_request", Pointer: "/oauthClientAttestation", Reason: later},
		{Document: openapi.V2, Operation: "token_request", Pointer: "/oauthClientAttestationPop", Reason: later},
		{Document: openapi.V2, Operation: "token_request", Pointer: "/clientCertificatePath", Problem: "must be a string", Reason: list},
		{Document: openapi.V2, Operation: "revocation_request", Pointer: "/clientCertificatePath", Problem: "must be a string", Reason: list},
		{Document: openapi.V2, Operation: "token_response", Pointer: "/dpopNonce", Reason: later},
		{Operation: "token_response", Pointer: "/attestationChallenge", Reason: newer},
		{Document: openapi.V2, Operation: "revocation_request", Pointer: "/oauthClientAttestation", Reason: later},
		{Document: openapi.V2, Operation: "revocation_request", Pointer: "/oauthClientAttestationPop", Reason: later},
		{Document: openapi.V2, Operation: "userinfo_response", Pointer: "/dpopNonce", Reason: later},
		{Document: openapi.V2, Operation: "standard_introspection_response", Pointer: "/action", Problem: "JWT", Reason: later},
	}
}

// variants is how many times a structure has to be filled for every value of every enumeration to be used.
func variants(values map[string][]string) int {
	most := 1
	for _, of := range values {
		most = max(most, len(of))
	}
	return most
}

// fill sets every field; enumerations, known by their type or the name of the member, get the value of the variant. Objects
// within are left out where they have a schema, and so a test, of their own.
func fill(value reflect.Value, member string, values map[string][]string, variant int) {
	switch value.Kind() {
	case reflect.Struct:
		for field, content := range value.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fill(content, name, values, variant)
		}
	case reflect.Slice:
		if value.Type() == reflect.TypeFor[json.RawMessage]() {
			value.SetBytes([]byte("{}"))
			return
		}
		if value.Type().Elem().Kind() != reflect.Struct {
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			fill(value.Index(0), member, values, variant)
		}
	case reflect.String:
		value.SetString("text")
		for _, of := range [][]string{values[member], values[value.Type().Name()]} {
			if len(of) > 0 {
				value.SetString(of[variant%len(of)])
			}
		}
	case reflect.Int, reflect.Int64:
		value.SetInt(int64(variant + 1))
	case reflect.Bool:
		value.SetBool(true)
	default: // a pointer to an object, or the members that this project does not know
	}
}

// structures are the structures of the contract by the name of their schema.
func structures() map[string]any {
	return map[string]any{
		"service": authlete.Service{}, "client": authlete.Client{}, "pair": authlete.Pair{}, "scope": authlete.Scope{},
		"client_extension":                  authlete.ClientExtension{},
		"client_get_list_response":          authlete.ClientListResponse{},
		"client_secret_update_request":      authlete.ClientSecretUpdateRequest{},
		"client_secret_update_response":     authlete.ClientSecretResponse{},
		"client_secret_refresh_response":    authlete.ClientSecretResponse{},
		"authorization_request":             authlete.AuthorizationRequest{},
		"authorization_response":            authlete.AuthorizationResponse{},
		"authorization_issue_request":       authlete.AuthorizationIssueRequest{},
		"authorization_issue_response":      authlete.AuthorizationIssueResponse{},
		"authorization_fail_request":        authlete.AuthorizationFailRequest{},
		"authorization_fail_response":       authlete.AuthorizationFailResponse{},
		"token_request":                     authlete.TokenRequest{},
		"token_response":                    authlete.TokenResponse{},
		"token_issue_request":               authlete.TokenIssueRequest{},
		"token_issue_response":              authlete.TokenIssueResponse{},
		"token_fail_request":                authlete.TokenFailRequest{},
		"token_fail_response":               authlete.TokenFailResponse{},
		"token_revoke_request":              authlete.TokenRevokeRequest{},
		"token_revoke_response":             authlete.TokenRevokeResponse{},
		"revocation_request":                authlete.RevocationRequest{},
		"revocation_response":               authlete.RevocationResponse{},
		"introspection_request":             authlete.IntrospectionRequest{},
		"introspection_response":            authlete.IntrospectionResponse{},
		"standard_introspection_request":    authlete.StandardIntrospectionRequest{},
		"standard_introspection_response":   authlete.StandardIntrospectionResponse{},
		"userinfo_request":                  authlete.UserInfoRequest{},
		"userinfo_response":                 authlete.UserInfoResponse{},
		"userinfo_issue_request":            authlete.UserInfoIssueRequest{},
		"userinfo_issue_response":           authlete.UserInfoIssueResponse{},
		"dynamic_scope":                     authlete.DynamicScope{},
		"authz_details":                     authlete.AuthorizationDetails{},
		"authorization_details_element":     authlete.AuthorizationDetailsElement{},
		"grant":                             authlete.Grant{},
		"grant_scope":                       authlete.GrantScope{},
		"federation_configuration_response": authlete.FederationConfigurationResponse{},
	}
}

// TestEmptyScopesSurvive: no scopes and no word about scopes are different decisions.
func TestEmptyScopesSurvive(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{nil, {}, {"openid"}} {
		data, err := json.Marshal(authlete.AuthorizationIssueRequest{Scopes: want})
		if err != nil {
			t.Fatal(err)
		}
		var got authlete.AuthorizationIssueRequest
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if (got.Scopes == nil) != (want == nil) || len(got.Scopes) != len(want) {
			t.Errorf("%#v became %#v", want, got.Scopes)
		}
	}
}
