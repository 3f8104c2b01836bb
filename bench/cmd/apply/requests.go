package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/bench"
)

// counter is a proxy to the API server that counts requests by method.
type counter struct {
	mu    sync.Mutex
	count map[string]int
	next  http.Handler
}

// ServeHTTP counts and passes on.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if r.URL.Query().Get("watch") != "" {
		method = "WATCH"
	}
	c.mu.Lock()
	c.count[method]++
	c.mu.Unlock()
	c.next.ServeHTTP(w, r)
}

// taken returns the counts since the last call, and their sum.
func (c *counter) taken() (sum int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var words []string
	for _, method := range slices.Sorted(maps.Keys(c.count)) {
		sum += c.count[method]
		words = append(words, fmt.Sprintf("%d %s", c.count[method], method))
	}
	c.count = map[string]int{}
	return sum, strings.Join(words, ", ")
}

// count starts the proxy and writes a kubeconfig that goes through it.
func (m *measurement) count() (*counter, *httptest.Server, string, error) {
	transport, err := rest.TransportFor(m.config)
	if err != nil {
		return nil, nil, "", err
	}
	target, err := url.Parse(m.config.Host)
	if err != nil {
		return nil, nil, "", err
	}
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	c := &counter{count: map[string]int{}, next: proxy}
	server := httptest.NewServer(c)
	config := api.NewConfig()
	config.Clusters["bench"] = &api.Cluster{Server: server.URL}
	config.Contexts["bench"] = &api.Context{Cluster: "bench"}
	config.CurrentContext = "bench"
	path := m.file("counted.kubeconfig")
	return c, server, path, clientcmd.WriteToFile(*config, path)
}

// copyInput writes the Compose file of an input once more, under another name.
func (m *measurement) copyInput(app, name string) error {
	content, err := os.ReadFile(m.file(app + ".compose"))
	if err != nil {
		return err
	}
	return os.WriteFile(m.file(name+".compose"), content, 0o600)
}

// requests counts what a run sends, seen by a proxy before the API server. The
// first run fills the discovery cache.
func (m *measurement) requests(ctx context.Context) error {
	c, server, kubeconfig, err := m.count()
	if err != nil {
		return err
	}
	defer server.Close()
	defer os.Remove(kubeconfig)
	direct := m.kubeconfig
	m.kubeconfig = kubeconfig
	defer func() { m.kubeconfig = direct }()
	namespace, err := m.namespace(ctx, "counted")
	if err != nil {
		return err
	}
	t := bench.Table{{"`up`, " + fmt.Sprint(3*m.services) + " objects", "requests", "by method"}}
	for _, run := range []struct{ name, app string }{
		{"first time", "app"}, {"nothing changed", "app"}, {"one service changed", "changed"}, {"nothing changed", "changed"},
	} {
		// Under one name, as a user edits one file.
		if err := m.copyInput(run.app, "edited"); err != nil {
			return err
		}
		if _, err := bench.Run(ctx, m.up("edited", namespace, "--no-wait")); err != nil {
			return err
		}
		sum, text := c.taken()
		t.Add(run.name, fmt.Sprint(sum), text)
	}
	fmt.Fprintf(m.out, "\n%s", t)
	m.clean()
	return nil
}
