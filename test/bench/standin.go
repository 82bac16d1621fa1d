package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/authserver-dev/operator/internal/authlete"
)

// standInIssuer is a path of the stand-in that sets the issuer of its documents; standInLatency one that sets how long it
// takes to answer token requests; standInConnections one that tells how many connections there were.
const (
	standInIssuer      = "/bench/issuer"
	standInLatency     = "/bench/latency"
	standInConnections = "/bench/connections"
)

// serveStandIn serves the calls of Authlete's API 3.0 that a token request needs, with answers that cost nothing: what is
// measured in front of it is the server.
func serveStandIn(address string) error {
	answer, err := json.Marshal(authlete.TokenResponse{
		Result: authlete.Result{ResultCode: "A050001", ResultMessage: "[A050001] The token request (grant_type=client_credentials) was processed successfully."},
		Action: authlete.TokenOK, GrantType: authlete.GrantClientCredentials, ClientID: 26478243745571, ClientIDAlias: "app", ClientIDAliasUsed: true,
		AccessToken: "C4SrUTijIj2IxqE1xBASr3dxQWgso3BpY49g8CyjGjQ", AccessTokenDuration: 3600,
		ResponseContent: `{"access_token":"C4SrUTijIj2IxqE1xBASr3dxQWgso3BpY49g8CyjGjQ","token_type":"Bearer","expires_in":3600,"scope":null}`,
	})
	if err != nil {
		return err
	}
	var connections, latency atomic.Int64
	var issuer atomic.Value
	issuer.Store("")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/1/auth/token", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		time.Sleep(time.Duration(latency.Load()))
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		_, _ = w.Write(answer)
	})
	mux.HandleFunc("GET /api/1/service/configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":"%v/api/jwks"}`, issuer.Load(), issuer.Load())
	})
	mux.HandleFunc("GET /api/1/service/jwks/get", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) })
	mux.HandleFunc("GET "+standInIssuer, func(_ http.ResponseWriter, r *http.Request) { issuer.Store(r.URL.Query().Get("set")) })
	mux.HandleFunc("GET "+standInLatency, func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("set"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		latency.Store(int64(d))
	})
	mux.HandleFunc("GET "+standInConnections, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strconv.FormatInt(connections.Load(), 10))
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: time.Second, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}}
	return server.ListenAndServe()
}
