package apply_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// kubeconfigEnv names the kubeconfig of a cluster with simulated nodes
// (gantry-local); without it the tests against a real API server are skipped.
const kubeconfigEnv = "GANTRY_E2E_KUBECONFIG"

// lab is a namespace of a real cluster behind a proxy that counts requests and
// can break the connection.
type lab struct {
	t *testing.T
	// client goes through the proxy, direct does not.
	client, direct *cluster.Client
	proxy          *proxy
	namespace      string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	kubeconfig := os.Getenv(kubeconfigEnv)
	if kubeconfig == "" {
		t.Skipf("set %s to the kubeconfig of a gantry-local cluster with simulated nodes", kubeconfigEnv)
	}
	t.Parallel()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, proxy: newProxy(t, config), namespace: fmt.Sprintf("t-%d", time.Now().UnixNano())}
	dir := t.TempDir()
	l.client = connect(t, proxyKubeconfig(t, dir, l.proxy.url), dir, l.namespace)
	l.direct = connect(t, kubeconfig, dir, l.namespace)
	t.Cleanup(func() {
		_ = l.direct.Kube().CoreV1().Namespaces().Delete(context.Background(), l.namespace, metav1.DeleteOptions{})
	})
	return l
}

func connect(t *testing.T, kubeconfig, dir, namespace string) *cluster.Client {
	t.Helper()
	c, err := cluster.Connect(cluster.Config{Kubeconfig: kubeconfig, Namespace: namespace, CacheDir: filepath.Join(dir, "cache")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func proxyKubeconfig(t *testing.T, dir, address string) string {
	t.Helper()
	path := filepath.Join(dir, "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"p",
"clusters":[{"name":"p","cluster":{"server":%q}}],"users":[{"name":"p","user":{}}],
"contexts":[{"name":"p","context":{"cluster":"p","user":"p"}}]}`, address)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// proxy stands between gantry and the API server.
type proxy struct {
	url string

	mu       sync.Mutex
	requests []string
	// writes counts the writing requests; with breakAt > 0 the connection is
	// cut at that write and at all requests after it.
	writes, breakAt int
	broken          bool
	onBreak         func()
	// fault, when set, answers a request in place of the API server, and
	// returns true, or lets it pass.
	fault func(w http.ResponseWriter, r *http.Request) bool
}

func newProxy(t *testing.T, config *rest.Config) *proxy {
	t.Helper()
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	reverse := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.cut(r) {
			panic(http.ErrAbortHandler)
		}
		if fault := p.currentFault(); fault != nil && fault(w, r) {
			return
		}
		reverse.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.url = server.URL
	return p
}

// cut notes a request and reports whether the connection breaks at it.
func (p *proxy) cut(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	verb := r.Method
	if r.URL.Query().Get("watch") != "" {
		verb = "WATCH"
	}
	p.requests = append(p.requests, verb+" "+r.URL.Path)
	if r.Method != http.MethodGet {
		p.writes++
	}
	if p.breakAt > 0 && p.writes >= p.breakAt && !p.broken {
		p.broken = true
		if p.onBreak != nil {
			p.onBreak()
		}
	}
	return p.broken
}

func (p *proxy) currentFault() func(http.ResponseWriter, *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

func (p *proxy) setFault(fault func(http.ResponseWriter, *http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// reset forgets the requests so far and mends the connection.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.writes, p.breakAt, p.broken, p.onBreak = nil, 0, 0, false, nil
}

func (p *proxy) seen(prefix string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, r := range p.requests {
		if strings.HasPrefix(r, prefix) {
			out = append(out, r)
		}
	}
	return out
}

// plan observes and plans, as `up` does.
func (l *lab) plan(ctx context.Context, set render.Set, opts plan.Options) (plan.Plan, diag.List, error) {
	observed, err := cluster.Observe(ctx, l.client, set.Project, plan.GroupKinds(set))
	if err != nil {
		return plan.Plan{}, nil, err
	}
	if err := apply.Survey(ctx, l.client, set, &observed); err != nil {
		return plan.Plan{}, nil, err
	}
	opts.Namespace = l.namespace
	p, diags := plan.New(set, observed, opts)
	return p, diags, nil
}

// try is one `up`.
func (l *lab) try(ctx context.Context, set render.Set, opts apply.Options) (plan.Plan, apply.Result, error) {
	p, diags, err := l.plan(ctx, set, plan.Options{Files: []string{"docker-compose.yml"}})
	if err != nil {
		return p, apply.Result{}, err
	}
	if diags.HasErrors() {
		return p, apply.Result{Diagnostics: diags}, apply.ErrFailed
	}
	if opts.Events == nil {
		opts.Events = l.log
	}
	result, err := apply.Run(ctx, l.client, p, opts)
	return p, result, err
}

// up is an `up` that must go well.
func (l *lab) up(set render.Set) (plan.Plan, apply.Result) {
	l.t.Helper()
	p, result, err := l.try(l.t.Context(), set, apply.Options{Wait: true, Timeout: time.Minute})
	if err != nil {
		l.t.Fatalf("up: %v\n%s\n%v", err, p, result.Diagnostics)
	}
	return p, result
}

// log writes events with their time into the test's log.
func (l *lab) log(e apply.Event) {
	l.t.Logf("%s %s %s %s %s", time.Now().Format("05.000"), e.ID, e.Status, e.Text, e.Details)
}
