package authlete_test

import (
	"strings"

	"github.com/authserver-dev/operator/test/openapi"
)

// unhandled are members of one part of one call that are left alone for one reason.
type unhandled struct{ operation, members, reason string }

// membersNotUsed are the members of answers that the server does not use.
func membersNotUsed() []openapi.Exception {
	return exceptions(openapi.Response, []unhandled{
		{"", "resultMessage", "the log has the result code; the message may repeat what the request says"},

		{"auth/authorization", "clientIdAliasUsed clientEntityIdUsed metadataDocumentUsed", "how the request names the client; the backend keeps it with the ticket"},
		{"auth/authorization", "display uiLocales scopes/*/descriptions", "there is one page, and it is in English"},
		{"auth/authorization", "lowestPrompt", "deprecated; prompts says all of it"},
		{"auth/authorization", "scopes/*/defaultEntry scopes/*/attributes", "how the service treats the scope; the backend does so"},
		{"auth/authorization", "service", "the pages show what the configuration of the server says"},

		{
			"auth/authorization/issue", "accessToken accessTokenDuration accessTokenExpiresAt authorizationCode idToken jwtAccessToken",
			"part of responseContent, which goes to the client as it is",
		},
		{"auth/authorization/issue", "ticketInfo", "has the context of the ticket, and none is sent"},

		{
			"auth/token", "accessToken accessTokenDuration accessTokenExpiresAt idToken jwtAccessToken refreshToken refreshTokenDuration " +
				"refreshTokenExpiresAt refreshTokenScopes scopes cnonce cnonceDuration cnonceExpiresAt deviceSecret grantId",
			"part of responseContent, which goes to the client as it is, or about the tokens in it",
		},
		{
			"auth/token", "accessTokenResources authorizationDetails resources",
			"what a person was shown at the authorization endpoint; whoever gives an application a password is shown no page, and allows it everything",
		},
		{
			"auth/token", "actorToken actorTokenInfo actorTokenType assertion audiences requestedTokenType subjectToken subjectTokenInfo " +
				"subjectTokenType additionalClaims",
			"for token exchange and JWT bearer assertions, which are refused",
		},
		{"auth/token", "deviceSecretHash sessionId requestedIdTokenClaims previousRefreshTokenUsed", "for calls that are not made: nativesso, idtoken/reissue"},
		{
			"auth/token", "clientId clientIdAliasUsed clientAuthMethod clientEntityId clientEntityIdUsed metadataDocumentLocation metadataDocumentUsed",
			"about the client, which the backend has authenticated; the log has the alias",
		},
		{"auth/token", "clientAttributes serviceAttributes properties", "settings and properties; the backend puts into tokens what belongs there"},

		{
			"auth/token/issue", "accessToken accessTokenDuration accessTokenExpiresAt accessTokenResources authorizationDetails jwtAccessToken refreshToken " +
				"refreshTokenDuration refreshTokenExpiresAt refreshTokenScopes scopes subject",
			"part of responseContent, which goes to the client as it is, or about the tokens in it",
		},
		{
			"auth/token/issue", "clientId clientIdAlias clientIdAliasUsed clientEntityId clientEntityIdUsed metadataDocumentLocation metadataDocumentUsed",
			"about the client; the answer of auth/token had it",
		},
		{"auth/token/issue", "clientAttributes serviceAttributes properties", "settings and properties; the backend puts into tokens what belongs there"},

		{
			"auth/userinfo", "clientId clientIdAlias clientIdAliasUsed clientEntityId clientEntityIdUsed metadataDocumentLocation metadataDocumentUsed",
			"about the client and the token, which the backend has checked",
		},
		{"auth/userinfo", "clientAttributes serviceAttributes properties", "settings and properties; no claim comes from them"},
		{"auth/userinfo", "userInfoClaims", "claims has the names; there are no verified claims here"},
		{
			"auth/userinfo", "requestedClaimsForTx requestedVerifiedClaimsForTx transformedClaims",
			"no values are supplied for transformed claims, so that none are given out",
		},
		{"auth/userinfo/issue", "contentDigest signature signatureInput", "there only for requests with an HTTP message signature, which are not passed on"},
	})
}

// membersNotSent are the members of requests that the server does not send.
func membersNotSent() []openapi.Exception {
	const (
		defaults = "the settings of the service and of the client decide"
		extra    = "the server has nothing to add to tokens"
		cimd     = "whether clients may be described by documents is for the settings of the service"
		message  = "HTTP message signatures (FAPI 2.0 Message Signing) are not passed on: a service that insists on them refuses"
	)
	return exceptions(openapi.Request, []unhandled{
		{"auth/authorization", "context", "what later steps need is sealed into the form of the page"},
		{"auth/authorization", "cimdOptions", cimd},

		{"auth/authorization/issue", "accessToken accessTokenDuration idTokenAudType", defaults},
		{"auth/authorization/issue", "idtHeaderParams jwtAtClaims properties", extra},
		{"auth/authorization/issue", "authorizationDetails consentedClaims scopes", "a person allows all that is asked for, or nothing"},
		{"auth/authorization/issue", "claimsForTx verifiedClaimsForTx", "there are no verified claims here, and none are transformed"},
		{"auth/authorization/issue", "sub", "the subject is the same for all clients, or the backend makes it pairwise"},
		{"auth/authorization/issue", "sessionId", "Native SSO is refused"},

		{"auth/token", "accessToken accessTokenDuration refreshTokenDuration dpopNonceRequired", defaults},
		{"auth/token", "jwtAtClaims properties", extra},
		{"auth/token", "cimdOptions", cimd},
		{"auth/token/issue", "accessToken accessTokenDuration refreshTokenDuration", defaults},
		{"auth/token/issue", "jwtAtClaims properties", extra},

		{
			"auth/introspection/standard", "httpAcceptHeader introspectionEncryptionAlg introspectionEncryptionEnc introspectionSignAlg " +
				"publicKeyForEncryption rsUri sharedKeyForEncryption sharedKeyForSign",
			"for answers as JWTs (RFC 9701), which need a registered resource server; callers get JSON",
		},
		{"auth/introspection/standard", "withHiddenProperties", "hidden properties are not for resource servers"},

		{"auth/userinfo", "dpopNonceRequired", defaults},
		{"auth/userinfo", "headers message requestBodyContained targetUri uri", message},
		{"auth/userinfo/issue", "headers requestSignature", message},
		{"auth/userinfo/issue", "claimsForTx verifiedClaimsForTx", "there are no verified claims here, and none are transformed"},
		{"auth/userinfo/issue", "sub", "the subject is the same for all clients, or the backend makes it pairwise"},
	})
}

// exceptions are the rows of the lists one by one.
func exceptions(part string, rows []unhandled) []openapi.Exception {
	var all []openapi.Exception
	for _, row := range rows {
		operation := row.operation
		if operation != "" {
			operation = "POST " + operation
		}
		for member := range strings.FieldsSeq(row.members) {
			all = append(all, openapi.Exception{Operation: operation, Part: part, Pointer: "/" + member, Reason: row.reason})
		}
	}
	return all
}
