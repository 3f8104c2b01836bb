package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func TestAClusterIsNeeded(t *testing.T) {
	t.Setenv("GANTRY_E2E_KUBECONFIG", "")
	if err := run(t.Context(), nil, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "-kubeconfig") {
		t.Error(err)
	}
}

func TestManifestsAreRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.yaml")
	text := "---\nkind: A\napiVersion: v1\nmetadata: {name: a}\n---\n---\nkind: B\napiVersion: apps/v1\nmetadata: {name: b}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 2 || objects[0].GetName() != "a" || objects[1].GetKind() != "B" {
		t.Errorf("%v", objects)
	}
}

func TestProxyCounts(t *testing.T) {
	seen := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.URL.Path
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	m := &measurement{dir: t.TempDir(), config: &rest.Config{Host: server.URL}}
	c, proxy, kubeconfig, err := m.count()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"", "?watch=true", ""} {
		answer, err := http.Get(config.Host + "/apis/apps" + query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusTeapot || seen != "/apis/apps" {
			t.Errorf("%d from %s", answer.StatusCode, seen)
		}
	}
	if sum, text := c.taken(); sum != 3 || text != "2 GET, 1 WATCH" {
		t.Error(sum, text)
	}
	if sum, _ := c.taken(); sum != 0 {
		t.Error(sum)
	}
}

func TestEveryPartIsNamedInTheUsage(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range (&measurement{}).parts() {
		if !bytes.Contains(text, []byte(p.name+",")) && !bytes.Contains(text, []byte(","+p.name)) {
			t.Errorf("-parts does not know %s", p.name)
		}
	}
}
