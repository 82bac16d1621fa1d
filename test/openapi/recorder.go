package openapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Exchange is a request with the answer to it.
type Exchange struct {
	// Request is the request; its body has been read.
	Request *http.Request
	// RequestBody is the body of the request.
	RequestBody []byte
	// Status is the status of the answer.
	Status int
	// Header are the headers of the answer.
	Header http.Header
	// Body is the body of the answer.
	Body []byte
}

// Recorder is a transport that keeps what it carries.
type Recorder struct {
	// Next carries the requests. Required.
	Next http.RoundTripper

	mu        sync.Mutex
	exchanges []Exchange
}

// RoundTrip implements http.RoundTripper.
func (r *Recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	if err := request.Body.Close(); err != nil {
		return nil, fmt.Errorf("closing the request: %w", err)
	}
	outgoing := request.Clone(request.Context())
	outgoing.Body = io.NopCloser(bytes.NewReader(sent))
	response, err := r.Next.RoundTrip(outgoing)
	if err != nil {
		return nil, err
	}
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if err := response.Body.Close(); err != nil {
		return nil, fmt.Errorf("closing the answer: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(received))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, Exchange{
		Request: request, RequestBody: sent, Status: response.StatusCode, Header: response.Header.Clone(), Body: received,
	})
	return response, nil
}

// Exchanges returns what was carried so far.
func (r *Recorder) Exchanges() []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.exchanges)
}
