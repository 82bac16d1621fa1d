package oauth

import (
	"fmt"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/server/engine/internal/jsontext"
)

// Code is an OAuth error code.
type Code string

// Error codes of RFC 6749 (4.1.2.1, 5.2), RFC 6750 (3.1), OpenID Connect Core 1.0 (3.1.2.6) and RFC 8707.
const (
	InvalidRequest          Code = "invalid_request"
	InvalidClient           Code = "invalid_client"
	InvalidGrant            Code = "invalid_grant"
	UnauthorizedClient      Code = "unauthorized_client"
	UnsupportedGrantType    Code = "unsupported_grant_type"
	UnsupportedResponseType Code = "unsupported_response_type"
	UnsupportedTokenType    Code = "unsupported_token_type"
	InvalidScope            Code = "invalid_scope"
	AccessDenied            Code = "access_denied"
	ServerError             Code = "server_error"
	TemporarilyUnavailable  Code = "temporarily_unavailable"
	InvalidToken            Code = "invalid_token"
	InsufficientScope       Code = "insufficient_scope"
	InvalidTarget           Code = "invalid_target"

	InteractionRequired             Code = "interaction_required"
	LoginRequired                   Code = "login_required"
	AccountSelectionRequired        Code = "account_selection_required"
	ConsentRequired                 Code = "consent_required"
	RequestNotSupported             Code = "request_not_supported"
	RequestURINotSupported          Code = "request_uri_not_supported"
	UnmetAuthenticationRequirements Code = "unmet_authentication_requirements"
	RegistrationNotSupported        Code = "registration_not_supported"
)

// Error is a refusal as the client sees it.
type Error struct {
	// Code is the OAuth error code.
	Code Code
	// ResultCode identifies the refusal among the engine's; it follows Authlete's grammar with the prefix E.
	ResultCode string
	// Description explains it to the client's developer. It holds no secret and nothing of other clients.
	Description string
}

// NewError returns a refusal.
func NewError(code Code, resultCode, format string, args ...any) *Error {
	return &Error{Code: code, ResultCode: resultCode, Description: fmt.Sprintf(format, args...)}
}

// Error returns code and description.
func (e *Error) Error() string { return string(e.Code) + ": " + e.description() }

// description is the error_description member: the result code, then the text in the characters that RFC 6749,
// section 5.2 allows.
func (e *Error) description() string {
	return "[" + e.ResultCode + "] " + strings.Map(func(r rune) rune {
		switch {
		case r == '"', r == '\\':
			return '\''
		case r < 0x20, r > 0x7e:
			return '?'
		default:
			return r
		}
	}, e.Description)
}

// ErrorDescription returns the error_description parameter.
func (e *Error) ErrorDescription() string { return e.description() }

// Content returns the JSON body of RFC 6749, section 5.2.
func (e *Error) Content() string {
	object := jsontext.NewObject(64 + len(e.Description))
	object.String("error", string(e.Code))
	object.String("error_description", e.description())
	return string(object.Bytes())
}

// Challenge returns the WWW-Authenticate value of RFC 6750, section 3.
func (e *Error) Challenge(scheme string) string {
	return scheme + ` error="` + string(e.Code) + `",error_description="` + e.description() + `"`
}

// Result returns the envelope of the API response.
func (e *Error) Result() authlete.Result { return Success(e.ResultCode, e.Description) }

// Success returns the envelope of an API response.
func Success(resultCode, message string) authlete.Result {
	return authlete.Result{ResultCode: resultCode, ResultMessage: "[" + resultCode + "] " + message}
}
