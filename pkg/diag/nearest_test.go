package diag

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"web", "db", "worker", "image", "kubernetes"}
	tests := []struct{ name, want string }{
		{"wbe", "web"}, {"WEB", "web"}, {"imgae", "image"}, {"wroker", "worker"}, {"web-1", "web"}, {"kube", "kubernetes"},
		{"zzzzz", ""}, {"", ""}, {"d", "db"},
	}
	for _, test := range tests {
		if got := Nearest(test.name, known); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}
