package version

import (
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123abcd"}
	tests := map[string]struct {
		linked string
		module string
		vcs    []debug.BuildSetting
		want   string
	}{
		"linked":            {linked: "v1.2.3", module: "v9.9.9", vcs: []debug.BuildSetting{commit}, want: "v1.2.3"},
		"installed":         {module: "v1.2.2", vcs: []debug.BuildSetting{commit}, want: "v1.2.2"},
		"clean checkout":    {module: "(devel)", vcs: []debug.BuildSetting{commit, {Key: "vcs.modified", Value: "false"}}, want: "0123abcd"},
		"modified checkout": {module: "(devel)", vcs: []debug.BuildSetting{commit, {Key: "vcs.modified", Value: "true"}}, want: "0123abcd-dirty"},
		"no commit":         {module: "(devel)", vcs: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}}, want: "dev"},
		"nothing":           {want: "dev"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info := &debug.BuildInfo{Main: debug.Module{Version: test.module}, Settings: test.vcs}
			if got := describe(test.linked, info); got != test.want {
				t.Errorf("describe(%q, %+v) = %q, want %q", test.linked, info, got, test.want)
			}
		})
	}
}
