package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
)

// byValue returns the request as the Foundation's suite sends it with an unsigned request object: what OAuth and OpenID
// Connect demand as plain parameters, everything else in the object only.
func (r *run) byValue(request url.Values) url.Values {
	r.t.Helper()
	claims := map[string]string{"iss": r.client.ClientIDAlias, "aud": r.s.URL}
	for name := range request {
		claims[name] = request.Get(name)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		r.t.Fatal(err)
	}
	plain := url.Values{}
	for _, name := range []string{"client_id", "response_type", "scope", "redirect_uri"} {
		plain[name] = request[name]
	}
	plain.Set("request", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+base64.RawURLEncoding.EncodeToString(payload)+".")
	return plain
}

// unsignedRequestObject: the server takes no request objects, says so in discovery, and refuses one by the way on which
// the client waits. The suite then skips the rest of the module.
func unsignedRequestObject(r *run) {
	if r.document["request_parameter_supported"] != false {
		r.t.Errorf("request_parameter_supported is %v", r.document["request_parameter_supported"])
	}
	request := r.request(nil)
	r.checkError(r.answer(r.open(r.byValue(request)), r.mode()), request, "request_not_supported")
}

// requestURI: as above, by reference. The object is not fetched: response_mode must be a plain parameter to be known.
func requestURI(r *run) {
	if r.document["request_uri_parameter_supported"] != false {
		r.t.Errorf("request_uri_parameter_supported is %v", r.document["request_uri_parameter_supported"])
	}
	request := r.request(map[string]string{"request_uri": "https://rp.example.com/request.jwt#abc"})
	r.checkError(r.answer(r.open(request), r.mode()), request, "request_uri_not_supported")
}

// requestObjectWithRedirectURI: the plain redirect URI is not registered, that of the object is. A server that takes no
// request objects must not go to the latter: the person sees an error page.
func requestObjectWithRedirectURI(r *run) {
	plain := r.byValue(r.request(nil))
	plain.Set("redirect_uri", redirectURI+"/unregistered")
	r.checkPage(r.open(plain), "redirect_uri")
}
