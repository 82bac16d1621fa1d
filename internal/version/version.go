package version

import "runtime/debug"

// unknown is what a build calls itself of which nothing is known, a test binary for instance.
const unknown = "dev"

// version is set by the linker: -X github.com/authserver-dev/operator/internal/version.version=v1.2.3.
var version string

// String returns the version of this build, e.g. "v0.1.0", or else its commit, or "dev".
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(version, info)
}

// describe prefers what the linker was told to the module's version, which `go install` and builds from a checkout know,
// and that to the commit.
func describe(linked string, info *debug.BuildInfo) string {
	if linked != "" {
		return linked
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	commit, suffix := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			suffix = "-dirty"
		}
	}
	if commit == "" {
		return unknown
	}
	return commit + suffix
}
