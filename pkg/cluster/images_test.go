package cluster

import "testing"

func TestSplitImage(t *testing.T) {
	for image, want := range map[string][2]string{
		"nginx":                          {"nginx", "latest"},
		"nginx:1.27":                     {"nginx", "1.27"},
		"example.com:5000/a/b":           {"example.com:5000/a/b", "latest"},
		"example.com:5000/a/b:2":         {"example.com:5000/a/b", "2"},
		"redis@sha256:0123456789":        {"redis", "<none>"},
		"redis:7-alpine@sha256:01234567": {"redis", "7-alpine"},
	} {
		if repository, tag := splitImage(image); repository != want[0] || tag != want[1] {
			t.Errorf("%s: %q %q, want %q", image, repository, tag, want)
		}
	}
}
