package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authserver-dev/operator/server/engine/httpapi"
	"github.com/authserver-dev/operator/server/engine/internal/management"
	"github.com/authserver-dev/operator/test/openapi"
)

// reasons says of members why they are taken: a word or more for each reason.
type reasons map[string]string

// names returns the members with their reasons.
func (r reasons) names() map[string]string {
	all := map[string]string{}
	for reason, names := range r {
		for name := range strings.FieldsSeq(names) {
			all[name] = reason
		}
	}
	return all
}

// TestMembersAreHonouredOrRefused: every member of the settings of a service and of a client, and of every request, is
// refused by name when it is set, or is listed here with what it does or why nothing has to be done.
func TestMembersAreHonouredOrRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{openapi.V2, openapi.V3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := openapi.Load(t, name)
			checkSettings(t, document, settings{
				schema: "service", operation: "POST service/update", unsupported: management.UnsupportedService(), taken: serviceMembers().names(),
				set: func(a *api, member string) (int, string) {
					response := a.call(http.MethodPost, "/api/1/service/update", member)
					return response.Code, response.Body.String()
				},
			})
			checkSettings(t, document, settings{
				schema: "client", operation: "POST client/create", unsupported: management.UnsupportedClient(), taken: clientMembers().names(),
				set: func(a *api, member string) (int, string) {
					body := strings.TrimSuffix(codeClient, "}") + "," + strings.TrimPrefix(member, "{")
					response := a.call(http.MethodPost, "/api/1/client/create", body)
					a.call(http.MethodDelete, "/api/1/client/delete/app", "")
					return response.Code, response.Body.String()
				},
			})
			checkRequests(t, document)
		})
	}
}

// settings are those of a service or of a client.
type settings struct {
	schema, operation string
	unsupported       []string
	taken             map[string]string
	set               func(a *api, member string) (status int, body string)
}

func checkSettings(t *testing.T, document *openapi.Document, s settings) {
	t.Helper()
	filled, err := document.Filled(s.schema)
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI(t)
	for _, name := range topMembers(t, document, s.operation) {
		refused := slices.Contains(s.unsupported, name)
		reason, taken := s.taken[name]
		if refused == taken {
			t.Errorf("%s of %s: refused %v, listed as %q", name, s.schema, refused, reason)
			continue
		}
		if taken && reason != kept {
			continue
		}
		member, err := json.Marshal(map[string]any{name: filled[name]})
		if err != nil {
			t.Fatal(err)
		}
		status, body := s.set(a, string(member))
		switch {
		case refused && (status != http.StatusBadRequest || !strings.Contains(body, name)):
			t.Errorf("%s of %s: %d %s: want a refusal by name", name, s.schema, status, body)
		case taken && (status != http.StatusOK || !strings.Contains(body, `"`+name+`"`)):
			t.Errorf("%s of %s: %d %s: want it kept and returned", name, s.schema, status, body)
		}
	}
}

func checkRequests(t *testing.T, document *openapi.Document) {
	t.Helper()
	a := newAPI(t)
	for call, unsupported := range httpapi.UnsupportedMembers() {
		taken := requestMembers()[call].names()
		for _, name := range topMembers(t, document, "POST "+call) {
			refused := slices.Contains(unsupported, name)
			if _, listed := taken[name]; listed == refused {
				t.Errorf("%s of %s: refused %v, listed %v", name, call, refused, listed)
				continue
			}
			if !refused {
				continue
			}
			for _, value := range []string{`true`, `"x"`, `["x"]`, `7`, `{"a":1}`} {
				response := a.call(http.MethodPost, "/api/1/"+call, `{"`+name+`":`+value+`}`)
				if response.Code != http.StatusBadRequest || !strings.Contains(response.Body.String(), name) {
					t.Errorf("%s=%s of %s: %d %s", name, value, call, response.Code, response.Body)
				}
			}
			for _, value := range []string{`null`, `""`, `[]`, `{}`, `0`, `false`} {
				response := a.call(http.MethodPost, "/api/1/"+call, `{"`+name+`":`+value+`}`)
				if strings.Contains(response.Body.String(), "E001217") {
					t.Errorf("%s=%s of %s says nothing and is refused", name, value, call)
				}
			}
			form := a.call(http.MethodPost, "/api/1/"+call, name+"=x", func(r *http.Request) {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			})
			if form.Code != http.StatusBadRequest || !strings.Contains(form.Body.String(), name) {
				t.Errorf("%s of %s in a form: %d %s", name, call, form.Code, form.Body)
			}
		}
	}
}

// topMembers are the members of a request, without those below them.
func topMembers(t *testing.T, document *openapi.Document, operation string) []string {
	t.Helper()
	pointers, err := document.Members(operation, openapi.Request, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(pointers))
	for _, pointer := range pointers {
		names = append(names, strings.TrimPrefix(pointer, "/"))
	}
	return names
}

// kept is the reason of members that are kept and returned, and have nothing to do.
const kept = "kept: about a feature that is not there, or for people"

func serviceMembers() reasons {
	return reasons{
		"effect: enginetest": `accessTokenDuration authorizationEndpoint clientIdAliasEnabled idTokenDuration introspectionEndpoint issSuppressed issuer jwksUri
			pkceRequired pkceS256Required policyUri refreshTokenDuration refreshTokenDurationKept refreshTokenIdempotent refreshTokenKept revocationEndpoint
			scopeRequired serviceName supportedAcrs supportedClaimLocales supportedClaims supportedGrantTypes supportedIntrospectionAuthMethods
			supportedResponseTypes supportedRevocationAuthMethods supportedScopes supportedTokenAuthMethods supportedUiLocales tokenEndpoint tosUri userInfoEndpoint`,
		"effect: Bearer, or refused":                      "accessTokenType",
		"effect: refused, the engine has keys of its own": "jwks",
		"always so":         "errorUriOmitted loopbackRedirectionUriVariable supportedDisplays supportedClaimTypes",
		"the backend's own": "apiKey apiSecret number serviceOwnerNumber createdAt modifiedAt",
		kept: `attributes authenticationCallbackApiKey authenticationCallbackApiSecret authenticationCallbackEndpoint authorityHints
			authorizationResponseDuration backchannelAuthReqIdDuration backchannelAuthenticationEndpoint backchannelPollingInterval cimdAllowlist
			cimdMetadataPolicy clientsPerDeveloper cnonceDuration credentialDuration credentialIssuerMetadata credentialJwks credentialJwksUri
			credentialOfferDuration credentialTransactionDuration description developerAuthenticationCallbackApiKey
			developerAuthenticationCallbackApiSecret developerAuthenticationCallbackEndpoint developerSnsCredentials deviceAuthorizationEndpoint
			deviceFlowCodeDuration deviceFlowPollingInterval deviceVerificationUri deviceVerificationUriComplete directAuthorizationEndpointEnabled
			directIntrospectionEndpointEnabled directJwksEndpointEnabled directRevocationEndpointEnabled directTokenEndpointEnabled
			directUserInfoEndpointEnabled dpopNonceDuration endSessionEndpoint federationConfigurationDuration federationJwks
			federationRegistrationEndpoint grantManagementEndpoint hsks metadata mtlsEndpointAliases oid4vciVersion organizationName
			predefinedTransformedClaims pushedAuthReqDuration pushedAuthReqEndpoint registrationEndpoint registrationManagementEndpoint
			serviceDocumentation signedJwksUri snsCredentials supportedAttachments supportedBackchannelTokenDeliveryModes
			supportedClientRegistrationTypes supportedCustomClientMetadata supportedDeveloperSnses supportedDigestAlgorithms supportedDocuments
			supportedDocumentsCheckMethods supportedDocumentsMethods supportedDocumentsValidationMethods supportedDocumentsVerificationMethods
			supportedElectronicRecords supportedEvidence supportedIdentityDocuments supportedSnses supportedTrustFrameworks
			supportedVerificationMethods supportedVerifiedClaims tokenBatchNotificationEndpoint trustAnchors trustedRootCertificates userCodeCharset
			userCodeLength userPinLength verifiedClaimsValidationSchemaSet`,
	}
}

func clientMembers() reasons {
	return reasons{
		"effect: enginetest": `applicationType clientIdAlias clientName clientType clientUri defaultAcrs defaultMaxAge description extension grantTypes
			idTokenSignAlg jwks jwksUri locked logoUri pkceRequired pkceS256Required policyUri redirectUris responseTypes subjectType
			tokenAuthMethod tokenAuthSignAlg tosUri attributes`,
		"always so":         "authTimeRequired clientIdAliasEnabled",
		"the backend's own": "clientId clientSecret createdAt modifiedAt number serviceNumber",
		kept: `automaticallyRegistered clientNames clientRegistrationTypes clientSource clientUris contacts credentialOfferEndpoint customMetadata
			derivedSectorIdentifier descriptions developer discoveredByMetadataDocument dynamicallyRegistered entityId explicitlyRegistered
			inScopeForTokenMigration loginUri logoUris metadataDocumentExpiresAt metadataDocumentLocation metadataDocumentUpdatedAt
			organizationName policyUris registrationAccessTokenHash requestUris softwareId softwareVersion tosUris trustAnchorId trustChain
			trustChainExpiresAt trustChainUpdatedAt`,
	}
}

func requestMembers() map[string]reasons {
	const (
		effect   = "effect: enginetest"
		proofs   = "no token is bound to a key or a certificate, and answers say Bearer (RFC 9449, section 5)"
		attested = "no client is attested; it must authenticate by other means"
		context  = "looked at for signed messages only, which are refused"
	)
	return map[string]reasons{
		"auth/authorization": {
			effect: "parameters", "attached to the ticket for auth/authorization/ticket/info alone, which is not answered": "context",
		},
		"auth/authorization/issue": {effect: "acr authTime claims scopes sub subject ticket"},
		"auth/token": {
			effect: "parameters clientId clientSecret dpop", proofs: "clientCertificate clientCertificatePath htm htu",
			attested: "oauthClientAttestation oauthClientAttestationPop",
		},
		"auth/token/issue":            {effect: "subject ticket"},
		"auth/introspection":          {effect: "token scopes subject", proofs: "clientCertificate htm htu", context: "headers uri targetUri requestBodyContained"},
		"auth/introspection/standard": {effect: "parameters", "there are no properties": "withHiddenProperties", "JSON is the only answer": "httpAcceptHeader rsUri"},
		"auth/userinfo":               {effect: "token dpop", proofs: "clientCertificate htm htu", context: "headers uri targetUri requestBodyContained"},
		"auth/userinfo/issue":         {effect: "claims sub token", context: "headers"},
		"auth/token/revoke":           {effect: "clientIdentifier subject"},
	}
}
