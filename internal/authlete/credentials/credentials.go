package credentials

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// Version is an API version, spelled as api_version in authlete.ini.
type Version string

// API versions.
const (
	// V2 is the API 2.x: paths start with /api/, and HTTP Basic authenticates with key and secret.
	V2 Version = "V2"
	// V3 is the API 3.0: paths start with /api/{serviceId}/, and a Bearer token authenticates.
	V3 Version = "V3"
)

// DefaultBaseURL is where the API 2.x is; the API 3.0 has no default, its hosts are regional.
const DefaultBaseURL = "https://api.authlete.com"

// Credentials say where to call the API, and as whom.
type Credentials struct {
	// Version is the API version, V2 by default.
	Version Version
	// BaseURL is scheme and host of the API, without a slash at the end.
	BaseURL string
	// ServiceID is the number of the service: service.api_key, the service ID of the API 3.0.
	ServiceID string
	// APISecret belongs to ServiceID in the API 2.x.
	APISecret string
	// AccessToken is the service access token of the API 3.0.
	AccessToken string
	// OwnerKey and OwnerSecret are those of the service owner, who alone may change the settings of a service in the API
	// 2.x. Empty where that is not wanted.
	OwnerKey, OwnerSecret string
}

// Keys of authlete.ini and of Secrets.
const (
	KeyAPIVersion  = "api_version"
	KeyBaseURL     = "base_url"
	KeyServiceID   = "service.api_key"
	KeyAPISecret   = "service.api_secret"
	KeyAccessToken = "service.access_token"
	KeyOwnerKey    = "service_owner.api_key"
	KeyOwnerSecret = "service_owner.api_secret"
	// FileINI and FileProperties are the keys of Secrets that hold a whole file.
	FileINI        = "authlete.ini"
	FileProperties = "authlete.properties"
)

// Keys returns all keys that matter.
func Keys() []string { return append(singleKeys(), FileINI, FileProperties) }

func singleKeys() []string {
	return []string{KeyAPIVersion, KeyBaseURL, KeyServiceID, KeyAPISecret, KeyAccessToken, KeyOwnerKey, KeyOwnerSecret}
}

// Error is a key that is missing or has a value that cannot be used.
type Error struct {
	// Key is one of the constants.
	Key string
	// Missing says that there is no value.
	Missing bool
	// Detail says what is wrong, without the value.
	Detail string
}

// Error names the key.
func (e *Error) Error() string {
	if e.Missing {
		return fmt.Sprintf("%s is missing: %s", e.Key, e.Detail)
	}
	return fmt.Sprintf("%s cannot be used: %s", e.Key, e.Detail)
}

// Parse reads the content of a Secret, or of a folder with its keys as files: single keys, or a whole file under
// FileINI or FileProperties, whose values single keys replace. An *Error names the key that is wrong.
func Parse(data map[string][]byte) (*Credentials, error) {
	values, err := fromFiles(data)
	if err != nil {
		return nil, err
	}
	for _, key := range singleKeys() {
		if value := strings.TrimSpace(string(data[key])); value != "" {
			values[key] = value
		}
	}
	return build(values)
}

// build checks the values and puts them in their places.
func build(values map[string]string) (*Credentials, error) {
	c := &Credentials{
		Version: Version(strings.ToUpper(values[KeyAPIVersion])), BaseURL: strings.TrimRight(values[KeyBaseURL], "/"), ServiceID: values[KeyServiceID],
		APISecret: values[KeyAPISecret], AccessToken: values[KeyAccessToken], OwnerKey: values[KeyOwnerKey], OwnerSecret: values[KeyOwnerSecret],
	}
	switch c.Version {
	case "", "2", "2.X":
		c.Version = V2
	case "3", "3.0":
		c.Version = V3
	case V2, V3:
	default:
		return nil, &Error{Key: KeyAPIVersion, Detail: "it must be V2 (the default) or V3"}
	}
	if c.BaseURL == "" && c.Version == V2 {
		c.BaseURL = DefaultBaseURL
	}
	if err := checkCharacters(values); err != nil {
		return nil, err
	}
	if err := checkBaseURL(c.BaseURL); err != nil {
		return nil, err
	}
	if err := checkServiceID(c.ServiceID); err != nil {
		return nil, err
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	return c, nil
}

// complete says which secret is missing.
func (c *Credentials) complete() error {
	const together = "service_owner.api_key and service_owner.api_secret belong together"
	switch {
	case c.Version == V2 && c.APISecret == "":
		return &Error{Key: KeyAPISecret, Missing: true, Detail: "the API 2.x authenticates with it; for the API 3.0 set api_version to V3"}
	case c.Version == V3 && c.AccessToken == "":
		return &Error{Key: KeyAccessToken, Missing: true, Detail: "the API 3.0 authenticates with a service access token"}
	case c.OwnerKey == "" && c.OwnerSecret != "":
		return &Error{Key: KeyOwnerKey, Missing: true, Detail: together}
	case c.OwnerKey != "" && c.OwnerSecret == "":
		return &Error{Key: KeyOwnerSecret, Missing: true, Detail: together}
	default:
		return nil
	}
}

// checkCharacters refuses what cannot be sent: a header has no line breaks, and HTTP Basic ends a name at its first colon.
func checkCharacters(values map[string]string) error {
	for _, key := range singleKeys() {
		if strings.ContainsFunc(values[key], unicode.IsControl) {
			return &Error{Key: key, Detail: "it must be one line without control characters"}
		}
	}
	if strings.Contains(values[KeyOwnerKey], ":") {
		return &Error{Key: KeyOwnerKey, Detail: "it must not have a colon"}
	}
	return nil
}

func checkBaseURL(base string) error {
	if base == "" {
		return &Error{Key: KeyBaseURL, Missing: true, Detail: "the API 3.0 has regional hosts, for example https://us.authlete.com"}
	}
	parsed, err := url.Parse(base)
	switch {
	case err != nil || parsed.Hostname() == "" || (parsed.Scheme != "https" && parsed.Scheme != "http"):
		return &Error{Key: KeyBaseURL, Detail: "it must be a URL, for example https://us.authlete.com"}
	case parsed.User != nil || strings.ContainsAny(base, "?#"):
		return &Error{Key: KeyBaseURL, Detail: "it must have neither user information nor query nor fragment"}
	case parsed.Scheme == "http" && !inside(parsed.Hostname()):
		return &Error{Key: KeyBaseURL, Detail: "it must use https: credentials go over http only to private addresses and to Services of the cluster"}
	}
	return nil
}

// inside says whether a host is on the same machine or in the same cluster: a private address, a name without a dot, or a
// Service's name (name.namespace.svc, with or without the cluster's domain).
func inside(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback() || address.IsPrivate()
	}
	labels := strings.Split(host, ".")
	return len(labels) == 1 || (len(labels) >= 3 && labels[1] != "" && labels[2] == "svc")
}

// checkServiceID keeps anything but a number out of paths.
func checkServiceID(id string) error {
	if id == "" {
		return &Error{Key: KeyServiceID, Missing: true, Detail: "it is the number of the service, the service ID of the API 3.0"}
	}
	if len(id) > 20 || strings.Trim(id, "0123456789") != "" {
		return &Error{Key: KeyServiceID, Detail: "it must be a number"}
	}
	return nil
}
