package cluster

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func replicaOf(namespace, pod, service string) Replica {
	return Replica{Project: "shop", Service: service, Number: 1, Container: service, Pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pod}}}
}

// answering returns a client of a server that answers every request the same
// way, and the requests that it got.
func answering(t *testing.T, status int, body string) (*Client, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path)
		http.Error(w, body, status)
	}))
	t.Cleanup(server.Close)
	isolate(t)
	c, err := Connect(Config{Kubeconfig: writeKubeconfig(t, "a", map[string]*api.Cluster{"a": {Server: server.URL}}), Namespace: "ns"})
	if err != nil {
		t.Fatal(err)
	}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

// A command may have run although its answer is one of trouble: it is asked for
// once by WebSocket and, as no connection came of it, once by SPDY.
func TestExecIsNeverRepeated(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		c, got := answering(t, status, "try again")
		_, err := Exec(t.Context(), c, replicaOf("ns", "web-1", "web"), []string{"rm", "secret-argument"}, Streams{})
		if err == nil || strings.Contains(err.Error(), "secret-argument") {
			t.Errorf("%d: error %v, want one without the command's arguments", status, err)
		}
		want := []string{"GET /api/v1/namespaces/ns/pods/web-1/exec", "POST /api/v1/namespaces/ns/pods/web-1/exec"}
		if diff := cmp.Diff(want, got()); diff != "" {
			t.Errorf("%d: requests (-want +got):\n%s", status, diff)
		}
	}
}

func TestExecSaysWhyNothingRan(t *testing.T) {
	for _, test := range []struct {
		answer string
		want   diag.Code
		code   int
	}{
		{"unable to upgrade connection: simulated node: no container runs here", diag.ExecNoContainer, 0},
		{`unable to upgrade connection: container not found ("web")`, diag.ServiceUnknown, 0},
		{`OCI runtime exec failed: exec: "nope": executable file not found in $PATH`, diag.ExecNotStarted, ExitNotFound},
		{`OCI runtime exec failed: exec: "/etc": permission denied`, diag.ExecNotStarted, ExitNotExecutable},
		{"something else", diag.ClusterRefused, 0},
	} {
		c, _ := answering(t, http.StatusInternalServerError, test.answer)
		code, err := Exec(t.Context(), c, replicaOf("ns", "web-1", "web"), []string{"nope"}, Streams{})
		d, _ := AsDiagnostic(err)
		if d.Code != test.want || code != test.code {
			t.Errorf("%s: %d %v (%s), want %d %s", test.answer, code, err, d.Code, test.code, test.want)
		}
	}
}

func TestExecThatIsInterruptedSaysSo(t *testing.T) {
	c, _ := answering(t, http.StatusInternalServerError, "")
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := Exec(ctx, c, replicaOf("ns", "web-1", "web"), []string{"ls"}, Streams{}); !errors.Is(err, cause) {
		t.Errorf("%v, want %v", err, cause)
	}
}

// What exports writes is read by a real shell.
func TestExportsKeepsEveryValue(t *testing.T) {
	env := []string{"A=plain", `B=it's "quoted" $HOME \ ` + "`id`", "C=two\nlines", "D=", "E=a=b", "F='"}
	script, err := exports(env)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", `. "$1"; for v in "$A" "$B" "$C" "$D" "$E" "$F"; do printf '%s|' "$v"; done`, "sh", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, entry := range env {
		_, value, _ := strings.Cut(entry, "=")
		want.WriteString(value + "|")
	}
	if diff := cmp.Diff(want.String(), string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := exports([]string{"a.b=secret"}); !errors.Is(err, ErrVariable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestPreparationIsOnlyWhatIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		name string
		with Preparation
		want []string
	}{
		{"nothing", Preparation{}, []string{"ls", "-l"}},
		{"folder", Preparation{Dir: "/srv"}, []string{"sh", "-c", `cd "$1" || exit 126; shift; exec "$@"`, "sh", "/srv", "ls", "-l"}},
		{"detached", Preparation{Detach: true}, []string{"sh", "-c", `"$@" </dev/null >/dev/null 2>&1 &`, "sh", "ls", "-l"}},
	} {
		got, err := test.with.Command(t.Context(), nil, Replica{}, []string{"ls", "-l"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
