package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"sync"
	"time"
)

// serveFloor serves handlers that do the unavoidable work of the real endpoints, and nothing else: read the form, compare
// a secret, make a token, store its hash; with a signature; a static document.
func serveFloor(address string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	tokens := map[[32]byte]int64{}
	secret := sha256.Sum256([]byte("secret"))
	issue := func(w http.ResponseWriter, r *http.Request, sign bool) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		_, password, _ := r.BasicAuth()
		sum := sha256.Sum256([]byte(password))
		_ = subtle.ConstantTimeCompare(sum[:], secret[:])
		var raw [32]byte
		_, _ = rand.Read(raw[:])
		token := base64.RawURLEncoding.EncodeToString(raw[:])
		mu.Lock()
		tokens[sha256.Sum256([]byte(token))] = time.Now().Unix()
		mu.Unlock()
		if sign {
			digest := sha256.Sum256(raw[:])
			if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"`+token+`","token_type":"Bearer","expires_in":3600}`)
	}
	document := make([]byte, 1800)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { issue(w, r, false) })
	mux.HandleFunc("POST /signed", func(w http.ResponseWriter, r *http.Request) { issue(w, r, true) })
	mux.HandleFunc("GET /static", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(document) })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: time.Second}
	return server.ListenAndServe()
}
