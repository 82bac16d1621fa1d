package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/authserver-dev/operator/internal/authlete"
)

// document is JSON that is written as it is.
type document []byte

// readBody reads a body, which ServeHTTP has bounded.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refusal(http.StatusRequestEntityTooLarge, "E001204", "the body is larger than %d bytes", maxBody)
	case err != nil:
		return nil, refusal(http.StatusBadRequest, "E001206", "the body could not be read")
	}
	return body, nil
}

// span reads start and end of a list.
func span(r *http.Request) (start, end int, err error) {
	query := r.URL.Query()
	if start, err = number(query.Get("start"), 0); err != nil {
		return 0, 0, err
	}
	end, err = number(query.Get("end"), 5)
	return start, end, err
}

// number reads a query parameter, or takes the API's default.
func number(text string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0, refusal(http.StatusBadRequest, "E202302", "start and end must be numbers")
	}
	return value, nil
}

// refusal is an answer of the API itself.
func refusal(status int, code, format string, args ...any) *authlete.Error {
	message := "[" + code + "] " + fmt.Sprintf(format, args...)
	return &authlete.Error{Status: status, Result: authlete.Result{ResultCode: code, ResultMessage: message}}
}

func noSuchAPI() *authlete.Error {
	return refusal(http.StatusNotFound, "E001203", "there is no such API")
}

// refusalOf turns an error into an answer; what is not the caller's fault is logged and not told.
func (h *Handler) refusalOf(ctx context.Context, call string, err error) *authlete.Error {
	if refused, ok := errors.AsType[*authlete.Error](err); ok && refused.Status >= 400 && refused.Status < 600 {
		return refused
	}
	h.log.ErrorContext(ctx, "Serving an API call failed", "call", call, "error", err)
	return refusal(http.StatusInternalServerError, "E001101", "the engine could not serve the call")
}

// write answers with a result and returns the status.
func write(w http.ResponseWriter, result any) int {
	if result == nil {
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent
	}
	if plain, ok := result.(text); ok {
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
		_, _ = io.WriteString(w, string(plain)) // the caller is gone if this fails
		return http.StatusOK
	}
	body, ok := result.(document)
	if !ok {
		var err error
		if body, err = json.Marshal(result); err != nil {
			refused := refusal(http.StatusInternalServerError, "E001102", "the answer could not be encoded")
			writeRefusal(w, refused)
			return refused.Status
		}
	}
	writeJSON(w, http.StatusOK, body)
	return http.StatusOK
}

// writeRefusal answers with the API's form of an error.
func writeRefusal(w http.ResponseWriter, refused *authlete.Error) {
	body, err := json.Marshal(refused.Result)
	if err != nil {
		body = []byte("{}") // cannot happen: two strings
	}
	writeJSON(w, refused.Status, body)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller is gone if this fails
}
