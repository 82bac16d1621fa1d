package management

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// UnsupportedService are the settings of a service that the engine does not keep. Each demands, allows or switches on
// something; to store it and do nothing would tell its writer that it is in force.
func UnsupportedService() []string {
	return strings.Fields(`
		accessTokenForExternalAttachmentEmbedded accessTokenSignAlg accessTokenSignatureKeyId allowableClockSkew authorizationSignatureKeyId
		backchannelBindingMessageRequiredInFapi backchannelUserCodeParameterSupported
		cimdAllowlistEnabled cimdAlwaysRetrieved cimdHttpPermitted cimdMetadataPolicyEnabled cimdQueryPermitted
		claimShortcutRestrictive clientAssertionAudRestrictedToIssuer clientIdMetadataDocumentSupported
		dcrDuplicateSoftwareIdBlocked dcrScopeUsedAsRequestable dpopNonceRequired dynamicRegistrationSupported
		errorDescriptionOmitted fapiModes federationEnabled federationSignatureKeyId frontChannelRequestObjectEncryptionRequired
		grantManagementActionRequired hsmEnabled httpAliasProhibited
		idTokenAudType idTokenReissuable idTokenSignatureKeyId introspectionSignatureKeyId
		jwtGrantByIdentifiableClientsOnly jwtGrantEncryptedJwtRejected jwtGrantUnsignedJwtRejected
		missingClientIdAllowed mutualTlsValidatePkiCertChain nativeSsoSupported nbfOptional
		openidDroppedOnRefreshWithoutOfflineAccess parRequired preAuthorizedGrantAnonymousAccessSupported
		refreshTokenDurationReset requestObjectAudienceChecked requestObjectEncryptionAlgMatchRequired
		requestObjectEncryptionEncMatchRequired requestObjectRequired resourceSignatureKeyId rsResponseSigned
		singleAccessTokenPerSubject supportedAuthorizationDetailsTypes supportedPromptValues supportedServiceProfiles
		tlsClientCertificateBoundAccessTokens tokenExchangeByConfidentialClientsOnly tokenExchangeByIdentifiableClientsOnly
		tokenExchangeByPermittedClientsOnly tokenExchangeEncryptedJwtRejected tokenExchangeUnsignedJwtRejected
		tokenExpirationLinked traditionalRequestObjectProcessingApplied unauthorizedOnClientConfigSupported
		userInfoSignatureKeyId verifiableCredentialsEnabled`)
}

// UnsupportedClient are the settings of a client that the engine does not keep.
func UnsupportedClient() []string {
	return strings.Fields(`
		authorizationDetailsTypes authorizationEncryptionAlg authorizationEncryptionEnc authorizationSignAlg
		bcDeliveryMode bcNotificationEndpoint bcRequestSignAlg bcUserCodeRequired
		credentialResponseEncryptionRequired digestAlgorithm dpopRequired fapiModes frontChannelRequestObjectEncryptionRequired
		idTokenEncryptionAlg idTokenEncryptionEnc mtlsEndpointAliasesUsed parRequired
		requestEncryptionAlg requestEncryptionEnc requestObjectEncryptionAlgMatchRequired requestObjectEncryptionEncMatchRequired
		requestObjectRequired requestSignAlg responseModes rsRequestSigned rsSignedRequestKeyId
		sectorIdentifierUri selfSignedCertificateKeyId signedJwksUri singleAccessTokenPerSubject
		tlsClientAuthSanDns tlsClientAuthSanEmail tlsClientAuthSanIp tlsClientAuthSanUri tlsClientAuthSubjectDn
		tlsClientCertificateBoundAccessTokens userInfoEncryptionAlg userInfoEncryptionEnc userInfoSignAlg`)
}

// CheckService says which settings of a service cannot be kept. stored, if not nil, is what was written before this rule: what
// a writer brings back unchanged is no demand.
func CheckService(service, stored *authlete.Service) error {
	const call = "service/update"
	if service.AccessTokenType != "" && service.AccessTokenType != "Bearer" {
		return refuse(call, "E006205", "accessTokenType must be Bearer")
	}
	if outOfBounds(service.AccessTokenDuration, service.RefreshTokenDuration, service.IDTokenDuration, service.AuthorizationCodeDuration,
		service.AuthorizationResponseDuration, service.RefreshTokenAbsoluteDuration, service.RefreshTokenLeeway) {
		return refuse(call, "E006206", "durations must be from 0 to %d seconds", maxSeconds)
	}
	return unsupported(call, "E006204", UnsupportedService(), service, stored)
}

// checkUnsupported is CheckService for a client.
func checkUnsupported(call string, client, stored *authlete.Client) error {
	return unsupported(call, "E201326", UnsupportedClient(), client, stored)
}

func unsupported[T any](call, code string, names []string, settings, stored *T) error {
	members, err := membersOf(settings)
	if err != nil {
		return err
	}
	before := map[string]json.RawMessage{}
	if stored != nil {
		if before, err = membersOf(stored); err != nil {
			return err
		}
	}
	var refused []string
	for _, name := range names {
		if isSet(members[name]) && !bytes.Equal(members[name], before[name]) {
			refused = append(refused, name)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return refuse(call, code, "%s: not supported; leave out what the engine cannot keep", strings.Join(refused, ", "))
}

func membersOf(structure any) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(structure)
	if err != nil {
		return nil, fmt.Errorf("encoding settings: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, fmt.Errorf("decoding settings: %w", err)
	}
	return members, nil
}

// isSet says whether a member says anything: libraries write whole objects, with what is empty in them.
func isSet(value json.RawMessage) bool {
	text := strings.Join(strings.Fields(string(value)), "")
	return !slices.Contains([]string{"", "null", "false", "0", `""`, "[]", "{}", `"NONE"`}, text)
}
