// Package openapi holds recorded HTTP exchanges, and values as they are
// encoded, against the OpenAPI documents of the Authlete API. It is stricter
// than a validator has to be: a member that the schema does not have is a
// finding, and so is a status that the operation does not document.
//
// The documents are no part of this repository. They are looked for in
// ../shared/reference/authlete-openapi beside the module, or in the directory
// that the environment variable AUTHLETE_OPENAPI names; tests are skipped where
// they are absent.
//
// It knows neither the client nor the engine, nor what an exception is good for:
// the tests that use it say that.
package openapi
