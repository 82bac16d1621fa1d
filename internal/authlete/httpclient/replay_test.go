package httpclient_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

// TestSecretIsRefreshedOnce: a GET that makes a new secret must not be sent again by the transport, which takes every GET
// for one that may be, when a kept connection breaks before the answer.
func TestSecretIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	var refreshed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			empty(w, r)
			return
		}
		if refreshed.Add(1); r.ContentLength != 0 || len(r.TransferEncoding) != 0 {
			t.Errorf("a GET with a body of %d bytes", r.ContentLength)
		}
		panic(http.ErrAbortHandler) // done, and the answer is lost
	}))
	t.Cleanup(server.Close)
	client := at(server.URL, httpclient.NewTransport(httpclient.TransportOptions{ConnectTimeout: patience}))
	if err := token(t.Context(), client); err != nil { // leaves a connection to use again
		t.Fatal(err)
	}
	if _, err := client.ClientSecretRefresh(t.Context(), "app"); err == nil {
		t.Error("no error")
	}
	if got := refreshed.Load(); got != 1 {
		t.Errorf("the secret was refreshed %d times", got)
	}
}
