// Package version knows which build this is.
package version

import "runtime/debug"

// version is set by the linker: -X github.com/authserver-dev/operator/internal/version.version=v1.2.3.
var version string

// String returns the version of this build, e.g. "v0.1.0", or the commit, or "dev".
func String() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "dev"
}
