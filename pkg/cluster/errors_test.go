package cluster

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// writeKubeconfig writes a file with one context for each server.
func writeKubeconfig(t *testing.T, current string, clusters map[string]*api.Cluster) string {
	t.Helper()
	cfg := api.NewConfig()
	cfg.CurrentContext = current
	for name, c := range clusters {
		cfg.Clusters[name] = c
		cfg.Contexts[name] = &api.Context{Cluster: name, AuthInfo: "user"}
	}
	cfg.AuthInfos["user"] = &api.AuthInfo{Token: "t"}
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*cfg, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// isolate keeps the machine's own cluster out of a test.
func isolate(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, home)
	}
	for _, name := range []string{"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} {
		t.Setenv(name, "")
	}
}

func wantDiagnostic(t *testing.T, err error, code diag.Code, message, hint string) {
	t.Helper()
	d, ok := AsDiagnostic(err)
	if !ok {
		t.Fatalf("error %v has no diagnostic", err)
	}
	if d.Code != code || !strings.Contains(d.Message, message) || !strings.Contains(d.Hint, hint) {
		t.Errorf("got %s\nwant code %s, message with %q, hint with %q", d, code, message, hint)
	}
	if strings.Contains(d.Message, "\n") {
		t.Errorf("message has several lines: %q", d.Message)
	}
}

func TestConnectExplainsTheKubeconfig(t *testing.T) {
	isolate(t)
	two := map[string]*api.Cluster{"prod": {Server: "https://192.0.2.1"}, "staging": {Server: "https://192.0.2.2"}}
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("a: [b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name          string
		cfg           Config
		code          diag.Code
		message, hint string
	}{
		{"nothing configured", Config{}, diag.ClusterNotConfigured, "no cluster is configured", "`gantry local up`"},
		{"context without kubeconfig", Config{Context: "prod"}, diag.ClusterContextUnknown, `context "prod"`, "`gantry local up`"},
		{"missing file", Config{Kubeconfig: "/none/config"}, diag.ClusterKubeconfigInvalid, "does not exist", "--kubeconfig"},
		{"broken file", Config{Kubeconfig: broken}, diag.ClusterKubeconfigInvalid, "cannot be used", broken},
		{"no current context", Config{Kubeconfig: writeKubeconfig(t, "", two)}, diag.ClusterNotConfigured, "no current context", "prod, staging"},
		{"misspelt context", Config{Kubeconfig: writeKubeconfig(t, "prod", two), Context: "stagign"}, diag.ClusterContextUnknown, `"stagign"`, `did you mean "staging"?`},
		{"far off", Config{Kubeconfig: writeKubeconfig(t, "prod", two), Context: "xyz"}, diag.ClusterContextUnknown, `"xyz"`, "it has: prod, staging"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Connect(tt.cfg)
			wantDiagnostic(t, err, tt.code, tt.message, tt.hint)
		})
	}
}

func TestConnectSendsNoRequest(t *testing.T) {
	isolate(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	defer server.Close()
	c, err := Connect(Config{Kubeconfig: writeKubeconfig(t, "a", map[string]*api.Cluster{"a": {Server: server.URL}}), Namespace: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Namespace() != "shop" || c.Context() != "a" || c.Host() != server.URL || c.In("other").Namespace() != "other" || c.In("").Namespace() != "shop" {
		t.Errorf("client is %q %q %q", c.Namespace(), c.Context(), c.Host())
	}
}

// A failing connection is explained in one line, as the transport reports it.
func TestExplainOverTheNetwork(t *testing.T) {
	isolate(t)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	denied := httptest.NewServer(status401())
	defer denied.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	tests := []struct {
		name          string
		cluster       *api.Cluster
		code          diag.Code
		message, hint string
	}{
		{"refused", &api.Cluster{Server: closed.URL}, diag.ClusterUnreachable, "connection refused", "`gantry local up`"},
		{"no such host", &api.Cluster{Server: "https://cluster.invalid"}, diag.ClusterUnreachable, "cluster.invalid", "--context"},
		{"unknown authority", &api.Cluster{Server: secure.URL}, diag.ClusterTLS, "an authority that the kubeconfig does not name", "gantry local up"},
		{"another name", &api.Cluster{Server: secure.URL, CertificateAuthorityData: ca, TLSServerName: "kubernetes"}, diag.ClusterTLS, "for another name", ""},
		{"no TLS", &api.Cluster{Server: strings.Replace(plain.URL, "http", "https", 1)}, diag.ClusterTLS, "does not speak TLS", ""},
		{"unauthorized", &api.Cluster{Server: denied.URL}, diag.ClusterUnauthorized, `does not accept the credentials of context "a"`, "log in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Connect(Config{Kubeconfig: writeKubeconfig(t, "a", map[string]*api.Cluster{"a": tt.cluster})})
			if err != nil {
				t.Fatal(err)
			}
			_, err = PS(t.Context(), c, "shop", PSOptions{})
			wantDiagnostic(t, err, tt.code, tt.message, tt.hint)
		})
	}
}

func status401() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`)
	})
}

func TestExplainAnswersOfTheServer(t *testing.T) {
	c := &Client{context: "prod", namespace: "shop"}
	c.rest = tune(emptyConfig(), Config{})
	pods := schema.GroupResource{Resource: "pods"}
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	tests := []struct {
		name          string
		err           error
		code          diag.Code
		message, hint string
	}{
		{"forbidden in a namespace", apierrors.NewForbidden(deployments, "web", errors.New(`User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"`)),
			diag.ClusterForbidden, `user "ci" may not patch deployments.apps in namespace "shop"`, "kubectl auth can-i patch deployments.apps -n shop"},
		{"forbidden in the cluster", apierrors.NewForbidden(pods, "", errors.New(`User "system:serviceaccount:a:b" cannot list resource "pods" in API group "" at the cluster scope`)),
			diag.ClusterForbidden, `user "system:serviceaccount:a:b" may not list pods in the whole cluster`, "ClusterRole"},
		{"quota is no permission", apierrors.NewForbidden(pods, "web", errors.New("exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2")),
			diag.ClusterRefused, "exceeded quota", ""},
		{"namespace", apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "shop"), diag.ClusterNamespaceMissing, `namespace "shop" does not exist`, "create it"},
		{"other", errors.New("etcdserver:\n leader changed"), diag.ClusterRefused, "etcdserver: leader changed", ""},
		{"plugin", errors.New(`Get "https://x": getting credentials: exec: executable aws not found`), diag.ClusterUnauthorized, "executable aws not found", "login"},
		{"expired", fmt.Errorf("get: %w", &tls.CertificateVerificationError{Err: errExpired()}), diag.ClusterTLS, "expired", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wrapped := c.Explain(fmt.Errorf("wrapped: %w", tt.err))
			wantDiagnostic(t, wrapped, tt.code, tt.message, tt.hint)
			if !errors.Is(wrapped, tt.err) {
				t.Error("the cause is lost")
			}
			if again := c.Explain(wrapped); !errors.Is(again, wrapped) {
				t.Errorf("explained twice: %v", again)
			}
		})
	}
	if err := c.Explain(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context became %v", err)
	}
	if err := c.Explain(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
}

func TestWarningsOfTheServerArePassedOn(t *testing.T) {
	isolate(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Warning", `299 - "batch/v1beta1 CronJob is deprecated"`)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"},"type":"Opaque"}`)
	}))
	defer server.Close()
	var got []string
	c, err := Connect(Config{
		Kubeconfig: writeKubeconfig(t, "a", map[string]*api.Cluster{"a": {Server: server.URL}}),
		Warn:       func(text string) { got = append(got, text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Inventory(t.Context(), "shop")
	wantDiagnostic(t, err, diag.ClusterRefused, `of type "Opaque", not an inventory`, "")
	if len(got) != 1 || got[0] != "batch/v1beta1 CronJob is deprecated" {
		t.Errorf("warnings %q", got)
	}
}
