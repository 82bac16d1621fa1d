package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authserver-dev/operator/internal/authlete"
	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/test/servertest"
)

// richMember is a member of the backend's answer by which a request becomes richer, and what must come of it.
type richMember struct {
	// members are added to the answer, JSON.
	members string
	// words must be on the page; without any, the request must be refused.
	words []string
}

// richMembers are all of them by name: those of authlete.RichRequest, those that other members hold, and one that this
// version does not know.
func richMembers() map[string]richMember {
	return map[string]richMember{
		"dynamicScopes": {`"dynamicScopes":[{"name":"payment","value":"payment:35821"}]`, []string{"payment:35821"}},
		"authorizationDetails": {
			`"authorizationDetails":{"elements":[{"type":"payment_initiation","otherFields":"{\"amount\":\"99999.00\",\"currency\":\"EUR\"}"}]}`,
			[]string{"payment_initiation", "amount: 99999.00", "currency: EUR"},
		},
		"resources":            {`"resources":["https://pay.example.com"]`, []string{"https://pay.example.com"}},
		"purpose":              {`"purpose":"To pay a bill & more"`, []string{"To pay a bill & more"}},
		"gmAction":             {`"gmAction":"REPLACE"`, []string{"replaces what you allowed before"}},
		"grantId":              {`"grantId":"grant-4711"`, []string{"grant-4711"}},
		"grantSubject":         {`"grantSubject":"1001"`, []string{"refers to what you allowed before"}},
		"grant":                {`"grant":{"scopes":[{"scope":"accounts","resource":[]}]}`, []string{"allowed before: accounts"}},
		"transformedClaims":    {`"transformedClaims":"{\"adult\":{\"claim\":\"birthdate\"}}"`, []string{"adult.claim: birthdate"}},
		"requestedClaimsForTx": {`"requestedClaimsForTx":["nationalities"]`, []string{"computed from: nationalities"}},
		"requestedVerifiedClaimsForTx": {
			`"requestedVerifiedClaimsForTx":[["passport_number"]]`, []string{"computed from verified: passport_number"},
		},
		"credentialOfferInfo": {`"credentialOfferInfo":{"identifier":"x"}`, nil},
		"issuableCredentials": {`"issuableCredentials":"[{\"type\":\"IdentityCard\"}]"`, []string{"IdentityCard"}},
		"nativeSsoRequested":  {`"nativeSsoRequested":true`, nil},
		"idTokenClaims": {
			`"idTokenClaims":"{\"verified_claims\":{\"claims\":{\"birthdate\":null}}}"`, []string{"Verified information about you", "claims.birthdate"},
		},
		"userInfoClaims":          {`"userInfoClaims":"{\"email\":{\"purpose\":\"To write to you\"}}"`, []string{"email, purpose: To write to you"}},
		"claims":                  {`"claims":["verified_claims"]`, []string{"Verified information about you"}},
		"an unreadable payment":   {`"authorizationDetails":{"elements":[{"type":"t","otherFields":"{\"amount\":1,\"amount\":2}"}]}`, nil},
		"an unknown grant action": {`"gmAction":"INHERIT"`, nil},
		"another's grant":         {`"grantSubject":"1002","subject":"1001"`, nil},
		"memberOfALaterVersion":   {`"memberOfALaterVersion":{"amount":"5"}`, []string{"memberOfALaterVersion.amount: 5"}},
	}
}

// TestEveryRichMemberIsInTheTest: no member of the contract by which a request becomes richer is left out.
func TestEveryRichMemberIsInTheTest(t *testing.T) {
	t.Parallel()
	tested := richMembers()
	for field := range reflect.TypeFor[authlete.RichRequest]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, ok := tested[name]; !ok {
			t.Errorf("%s is not in the test", name)
		}
	}
}

// injector adds members to the answers of auth/authorization while it has some.
type injector struct {
	authlete.Runtime

	members atomic.Pointer[string]
}

func (i *injector) add(members string) { i.members.Store(&members) }

// enrich adds the members to an answer, in front of those that it has: the last one of a name counts.
func (i *injector) enrich(answer []byte) []byte {
	members := i.members.Load()
	if members == nil || *members == "" {
		return answer
	}
	var base, added map[string]json.RawMessage
	if json.Unmarshal(answer, &base) != nil || json.Unmarshal([]byte("{"+*members+"}"), &added) != nil {
		return []byte("the test cannot read this")
	}
	maps.Copy(base, added)
	enriched, err := json.Marshal(base)
	if err != nil {
		return []byte(err.Error())
	}
	return enriched
}

// Authorization implements authlete.AuthorizationAPI for an engine in process.
func (i *injector) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	response, err := i.Runtime.Authorization(ctx, req)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(response)
	if err != nil {
		return nil, err
	}
	enriched := &authlete.AuthorizationResponse{}
	return enriched, json.Unmarshal(i.enrich(text), enriched)
}

// between does the same on the wire.
func (i *injector) between(engine http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/auth/authorization") {
			engine.ServeHTTP(w, r)
			return
		}
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(recorder.Code)
		_, _ = io.Copy(w, bytes.NewReader(i.enrich(recorder.Body.Bytes())))
	})
}

// richServers starts a server on every path of an answer.
func richServers(t *testing.T) map[string]func() (*servertest.Server, *injector) {
	t.Helper()
	servers := map[string]func() (*servertest.Server, *injector){
		"embedded": func() (*servertest.Server, *injector) {
			inject := &injector{}
			return servertest.Start(t, servertest.Options{Backend: func(runtime authlete.Runtime) authlete.Runtime {
				inject.Runtime = runtime
				return inject
			}}), inject
		},
	}
	for _, version := range []credentials.Version{credentials.V2, credentials.V3} {
		servers[string(version)] = func() (*servertest.Server, *injector) {
			inject := &injector{}
			return servertest.Start(t, servertest.Options{Wire: &servertest.Wire{Version: version, Between: inject.between}}), inject
		}
	}
	return servers
}

// clientsOfRichRequests are clients for which nobody is asked, or not again.
func clientsOfRichRequests() map[string]func(*authlete.Client) {
	return map[string]func(*authlete.Client){
		"remembered consent": nil,
		"first party": func(c *authlete.Client) {
			c.Attributes = []authlete.Pair{{Key: authlete.AttributeFirstParty, Value: "true"}}
		},
	}
}

// TestRichRequestsAreShownOrRefused: whatever a person allowed before, a request that asks for more is on a page that says
// so, each time, or is refused; with prompt=none it is never granted.
func TestRichRequestsAreShownOrRefused(t *testing.T) {
	t.Parallel()
	for path, start := range richServers(t) {
		for kind, change := range clientsOfRichRequests() {
			t.Run(path+"/"+kind, func(t *testing.T) {
				t.Parallel()
				s, inject := start()
				s.Client(t, change)
				browser := s.NewBrowser(t)
				browser.LogIn(browser.Authorize(nil), "alice")
				if end := browser.Authorize(nil); end.Parameter(t, "code") == "" {
					t.Fatalf("the plain request is not granted at once: %d", end.Status)
				}
				for name, member := range richMembers() {
					inject.add(member.members)
					for _, occasion := range []string{"the first time", "after it was allowed"} {
						checkRich(t, browser, name+", "+occasion, member)
					}
					inject.add("")
				}
				if end := browser.Authorize(nil); end.Parameter(t, "code") == "" {
					t.Errorf("afterwards the plain request is not granted at once: %d", end.Status)
				}
			})
		}
	}
}

// checkRich makes a rich request, silently and not, and allows it.
func checkRich(t *testing.T, browser *servertest.Browser, name string, member richMember) {
	t.Helper()
	silent := browser.Authorize(map[string]string{"prompt": "none"})
	refusals := []string{"consent_required"}
	if member.words == nil {
		refusals = []string{"access_denied", "login_required"}
	}
	if silent.Status != http.StatusFound || !slices.Contains(refusals, silent.Parameter(t, "error")) || silent.Parameter(t, "code") != "" {
		t.Errorf("%s, with prompt=none: %d %s", name, silent.Status, silent.Header.Get("Location"))
	}
	page := browser.Authorize(nil)
	if member.words == nil {
		if page.Status != http.StatusFound || !slices.Contains(refusals, page.Parameter(t, "error")) || page.Parameter(t, "code") != "" {
			t.Errorf("%s: %d %s %s", name, page.Status, page.Header.Get("Location"), page.Body)
		}
		return
	}
	text := html.UnescapeString(page.Body)
	for _, words := range member.words {
		if page.Status != http.StatusOK || !strings.Contains(text, words) {
			t.Errorf("%s: status %d, the page does not say %q", name, page.Status, words)
		}
	}
	if end := browser.Submit(page, map[string]string{"authorized": "yes"}); end.Parameter(t, "code") == "" {
		t.Errorf("%s, allowed: %d %s", name, end.Status, end.Body)
	}
}

// TestRichRequestsAtTheFirstLogin: the page for logging in says what is asked for, too.
func TestRichRequestsAtTheFirstLogin(t *testing.T) {
	t.Parallel()
	s, inject := richServers(t)["embedded"]()
	s.Client(t, nil)
	for name, member := range richMembers() {
		if member.words == nil {
			continue
		}
		inject.add(member.members)
		page := s.NewBrowser(t).Authorize(nil)
		text := html.UnescapeString(page.Body)
		for _, words := range member.words {
			if !strings.Contains(text, words) {
				t.Errorf("%s: the page does not say %q", name, words)
			}
		}
	}
}

// TestTheLongestPageComesBack: the most that is shown fits into the form that comes back.
func TestTheLongestPageComesBack(t *testing.T) {
	t.Parallel()
	s, inject := richServers(t)["embedded"]()
	s.Client(t, nil)
	browser := s.NewBrowser(t)
	browser.LogIn(browser.Authorize(nil), "alice")
	inject.add(`"purpose":"` + strings.Repeat(`\"<`, 4000) + `"`) // quoted on the page and in the form
	page := browser.Authorize(map[string]string{"state": strings.Repeat("s", 4<<10)})
	if page.Status == http.StatusFound {
		t.Fatalf("refused: %s", page.Header.Get("Location"))
	}
	if end := browser.Submit(page, map[string]string{"authorized": "yes"}); end.Parameter(t, "code") == "" {
		t.Errorf("%d %s", end.Status, end.Body)
	}
}

// TestRefusalsOfRichRequestsSayWhy: the client learns what cannot be shown, and nothing else.
func TestRefusalsOfRichRequestsSayWhy(t *testing.T) {
	t.Parallel()
	s, inject := richServers(t)["embedded"]()
	s.Client(t, nil)
	inject.add(`"nativeSsoRequested":true`)
	end := s.NewBrowser(t).Authorize(nil)
	if !strings.Contains(end.Parameter(t, "error_description"), "nativeSsoRequested cannot be shown") {
		t.Errorf("%d %s", end.Status, end.Header.Get("Location"))
	}
}
