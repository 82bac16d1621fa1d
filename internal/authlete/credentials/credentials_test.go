package credentials_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
)

// files makes the content of a Secret from pairs of keys and values.
func files(pairs ...string) map[string][]byte {
	data := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = []byte(pairs[i+1])
	}
	return data
}

const (
	ini2 = `[authlete]
# The server of Authlete
base_url = https://api.authlete.com/
service_owner.api_key = 111
service_owner.api_secret = owner#secret
service.api_key: 222
Service.API_Secret = api;secret%%
`
	ini3 = `[DEFAULT]
api_version = V3
[authlete]
base_url = https://us.authlete.com
service.api_key = 333
service.access_token = access = token
service.dpop_key = unused
`
	iniOdd = "\ufeff[authlete]\r\n" + `; a comment
  service.api_key = 222
	# another one
SERVICE.API_SECRET="quoted"\
service_owner.api_key:111
service_owner.api_secret = 'it is = this: one'
`
	properties2 = `! Java
service.api_key = 222
service.api_secret : api=secret
service_owner.api_key 111
service_owner.api_secret=own\
  er
`
	properties3 = `# Java
api_version=V3
base_url=https://eu.authlete.com
service.api_key=333
service.access_token=${not.expanded}
`
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data map[string][]byte
		want credentials.Credentials
	}{
		"authlete.ini of 2.x": {files(credentials.FileINI, ini2), credentials.Credentials{
			Version: credentials.V2, BaseURL: "https://api.authlete.com", ServiceID: "222", APISecret: "api;secret%", OwnerKey: "111", OwnerSecret: "owner#secret",
		}},
		"authlete.ini of 3.0": {files(credentials.FileINI, ini3), credentials.Credentials{
			Version: credentials.V3, BaseURL: "https://us.authlete.com", ServiceID: "333", AccessToken: "access = token",
		}},
		"authlete.ini with the habits of editors": {files(credentials.FileINI, iniOdd), credentials.Credentials{
			Version: credentials.V2, BaseURL: credentials.DefaultBaseURL, ServiceID: "222", APISecret: `"quoted"\`, OwnerKey: "111", OwnerSecret: "'it is = this: one'",
		}},
		"a section goes before the defaults": {
			files(credentials.FileINI, "[DEFAULT]\nservice.api_key=1\nservice.api_secret=d\n[authlete]\nservice.api_secret=s\n[other]\nservice.api_key=9\n"),
			credentials.Credentials{Version: credentials.V2, BaseURL: credentials.DefaultBaseURL, ServiceID: "1", APISecret: "s"},
		},
		"authlete.properties of 2.x": {files(credentials.FileProperties, properties2), credentials.Credentials{
			Version: credentials.V2, BaseURL: credentials.DefaultBaseURL, ServiceID: "222", APISecret: "api=secret", OwnerKey: "111", OwnerSecret: "owner",
		}},
		"single keys go before properties": {files(credentials.FileProperties, properties3, credentials.KeyServiceID, "4"), credentials.Credentials{
			Version: credentials.V3, BaseURL: "https://eu.authlete.com", ServiceID: "4", AccessToken: "${not.expanded}",
		}},
		"an empty key replaces nothing": {files(credentials.FileINI, ini3, credentials.KeyAccessToken, " \n"), credentials.Credentials{
			Version: credentials.V3, BaseURL: "https://us.authlete.com", ServiceID: "333", AccessToken: "access = token",
		}},
		"a path before the API": {
			files(credentials.KeyBaseURL, "https://gateway.example.com/authlete//", credentials.KeyServiceID, "1", credentials.KeyAPISecret, "s"),
			credentials.Credentials{Version: credentials.V2, BaseURL: "https://gateway.example.com/authlete", ServiceID: "1", APISecret: "s"},
		},
		"no section": {files(credentials.FileINI, "service.api_key=1\nservice.api_secret=s\n"), credentials.Credentials{
			Version: credentials.V2, BaseURL: credentials.DefaultBaseURL, ServiceID: "1", APISecret: "s",
		}},
		"authlete.properties": {files(credentials.FileProperties, properties3), credentials.Credentials{
			Version: credentials.V3, BaseURL: "https://eu.authlete.com", ServiceID: "333", AccessToken: "${not.expanded}",
		}},
		"single keys": {files(credentials.KeyServiceID, "1\n", credentials.KeyAPISecret, " s ", "unknown", "x"), credentials.Credentials{
			Version: credentials.V2, BaseURL: credentials.DefaultBaseURL, ServiceID: "1", APISecret: "s",
		}},
		"single keys go before a file": {files(credentials.FileINI, ini3, credentials.KeyAccessToken, "another"), credentials.Credentials{
			Version: credentials.V3, BaseURL: "https://us.authlete.com", ServiceID: "333", AccessToken: "another",
		}},
		"version as people write it": {
			files(credentials.KeyAPIVersion, "v3", credentials.KeyBaseURL, "http://127.0.0.1:9000", credentials.KeyServiceID, "1", credentials.KeyAccessToken, "t"),
			credentials.Credentials{Version: credentials.V3, BaseURL: "http://127.0.0.1:9000", ServiceID: "1", AccessToken: "t"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := credentials.Parse(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("credentials (-want +got):\n%s", diff)
			}
		})
	}
}

// TestErrorsNameTheKey: and never a value.
func TestErrorsNameTheKey(t *testing.T) {
	t.Parallel()
	const value = "VALUE-THAT-IS-SECRET"
	const v3 = "V3"
	base := []string{credentials.KeyServiceID, "1", credentials.KeyAPISecret, value}
	for name, test := range map[string]struct {
		data    map[string][]byte
		key     string
		missing bool
	}{
		"nothing":   {files(), credentials.KeyServiceID, true},
		"no secret": {files(credentials.KeyServiceID, "1"), credentials.KeyAPISecret, true},
		"no token": {
			files(credentials.KeyAPIVersion, v3, credentials.KeyBaseURL, "https://a", credentials.KeyServiceID, "1"), credentials.KeyAccessToken, true,
		},
		"no region":        {files(credentials.KeyAPIVersion, "V3", credentials.KeyServiceID, "1"), credentials.KeyBaseURL, true},
		"version":          {files(append(base, credentials.KeyAPIVersion, value)...), credentials.KeyAPIVersion, false},
		"base URL":         {files(append(base, credentials.KeyBaseURL, value)...), credentials.KeyBaseURL, false},
		"base URL, user":   {files(append(base, credentials.KeyBaseURL, "https://u:"+value+"@a")...), credentials.KeyBaseURL, false},
		"base URL, query":  {files(append(base, credentials.KeyBaseURL, "https://a?"+value)...), credentials.KeyBaseURL, false},
		"base URL, ?":      {files(append(base, credentials.KeyBaseURL, "https://a?")...), credentials.KeyBaseURL, false},
		"base URL, #":      {files(append(base, credentials.KeyBaseURL, "https://a#")...), credentials.KeyBaseURL, false},
		"base URL, port":   {files(append(base, credentials.KeyBaseURL, "https://:443")...), credentials.KeyBaseURL, false},
		"base URL, scheme": {files(append(base, credentials.KeyBaseURL, "ftp://"+value)...), credentials.KeyBaseURL, false},
		"base URL, quotes": {files(credentials.FileINI, `base_url="https://`+value+`"`), credentials.KeyBaseURL, false},
		"lines in a secret": {
			files(credentials.KeyServiceID, "1", credentials.KeyAPISecret, value+"\n"+value), credentials.KeyAPISecret, false,
		},
		"lines in a token": {
			files(credentials.FileINI, ini3, credentials.KeyAccessToken, value+"\r\nX: "+value), credentials.KeyAccessToken, false,
		},
		"NUL in a version": {files(append(base, credentials.KeyAPIVersion, "V2\x00"+value)...), credentials.KeyAPIVersion, false},
		"a long number":    {files(credentials.KeyServiceID, strings.Repeat("1", 21), credentials.KeyAPISecret, value), credentials.KeyServiceID, false},
		"owner with colon": {
			files(append(base, credentials.KeyOwnerKey, "1:"+value, credentials.KeyOwnerSecret, value)...), credentials.KeyOwnerKey, false,
		},
		"a line without =": {files(credentials.FileINI, "[authlete]\n"+value+"\n"), credentials.FileINI, false},
		"properties turn":  {files(credentials.FileProperties, "service.api_key=${service.api_key}"+value), credentials.KeyServiceID, false},
		"service ID":       {files(credentials.KeyServiceID, "../"+value, credentials.KeyAPISecret, "s"), credentials.KeyServiceID, false},
		"owner's secret":   {files(append(base, credentials.KeyOwnerKey, "1")...), credentials.KeyOwnerSecret, true},
		"owner's key":      {files(append(base, credentials.KeyOwnerSecret, value)...), credentials.KeyOwnerKey, true},
		"two files":        {files(credentials.FileINI, ini2, credentials.FileProperties, properties3), credentials.FileProperties, false},
		"no INI":           {files(credentials.FileINI, "[authlete\n"+value), credentials.FileINI, false},
		"no properties":    {files(credentials.FileProperties, "a=\\u00"+value), credentials.FileProperties, false},
		"INI without them": {files(credentials.FileINI, "[other]\nservice.api_key=1\n"), credentials.KeyServiceID, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := credentials.Parse(test.data)
			wrong, ok := errors.AsType[*credentials.Error](err)
			if !ok || wrong.Key != test.key || wrong.Missing != test.missing || !strings.Contains(err.Error(), test.key) {
				t.Fatalf("error = %v", err)
			}
			if strings.Contains(err.Error(), value) {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(ini2, "", "")
	f.Add(ini3, "", "secret")
	f.Add("", properties3, "")
	f.Add("", properties2, "")
	f.Add(iniOdd, "", "two\nlines")
	f.Add("[authlete]\nservice.api_secret = \"\"\"\nunclosed", "", "")
	f.Add("[authlete]\nservice.api_key=1\nservice.api_secret=`raw\nlines`\\", "", "")
	f.Add("[DEFAULT]\na=%(b)s\nb=%(a)s\n[a.b]\n[]\n=", "", "%")
	f.Add("", "a=${a}\nb=\\u12", "")
	f.Add("x", "y", "")
	f.Fuzz(func(t *testing.T, iniFile, properties, secret string) {
		data := files(credentials.KeyAPISecret, secret)
		if iniFile != "" {
			data[credentials.FileINI] = []byte(iniFile)
		}
		if properties != "" {
			data[credentials.FileProperties] = []byte(properties)
		}
		c, err := credentials.Parse(data)
		if err != nil {
			if wrong, ok := errors.AsType[*credentials.Error](err); !ok || !slices.Contains(credentials.Keys(), wrong.Key) {
				t.Errorf("unexpected error %v", err)
			}
			return
		}
		if strings.ContainsFunc(c.BaseURL+c.APISecret+c.AccessToken+c.OwnerKey+c.OwnerSecret, unicode.IsControl) {
			t.Errorf("control characters: %+v", c)
		}
		if request, err := http.NewRequest(http.MethodGet, c.BaseURL+"/api/"+c.ServiceID, http.NoBody); err != nil || request.URL.Host == "" {
			t.Errorf("no URL: %v", err)
		}
		if c.BaseURL == "" || strings.Trim(c.ServiceID, "0123456789") != "" || (c.APISecret == "" && c.AccessToken == "") {
			t.Errorf("incomplete: %+v", c)
		}
	})
}

// TestClearText: credentials go over HTTP without TLS only to hosts that are inside of a cluster or a machine.
func TestClearText(t *testing.T) {
	t.Parallel()
	for host, allowed := range map[string]bool{
		"127.0.0.1:9000": true, "localhost": true, "[::1]:9000": true, "10.96.0.7:9000": true, "[fd00::7]": true,
		"standin:9000": true, "standin.testing.svc:9000": true, "standin.testing.svc.cluster.local": true, "standin.testing.svc.k8s.example.com": true,
		"api.authlete.com": false, "authlete.example.com": false, "svc.example.com": false, "svc.example.com.": false, "203.0.113.7": false, "[2001:db8::1]": false,
		"10.0.0.1.example.com": false, "169.254.169.254": false, "0.0.0.0": false, "a..svc": false,
	} {
		_, err := credentials.Parse(files(credentials.KeyBaseURL, "http://"+host, credentials.KeyServiceID, "1", credentials.KeyAPISecret, "s"))
		if (err == nil) != allowed {
			t.Errorf("http://%s: %v, want allowed %t", host, err, allowed)
		}
		if err != nil && !strings.Contains(err.Error(), "https") {
			t.Errorf("http://%s: %v does not say what to do", host, err)
		}
		if _, err := credentials.Parse(files(credentials.KeyBaseURL, "https://"+host, credentials.KeyServiceID, "1", credentials.KeyAPISecret, "s")); err != nil {
			t.Errorf("https://%s: %v", host, err)
		}
	}
}
