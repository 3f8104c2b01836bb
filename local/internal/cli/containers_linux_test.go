package cli

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/gantry-dev/gantry/local/internal/containers"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// TestContainers takes a cluster with a real container node through its life. It
// is one test, as each start costs seconds.
func TestContainers(t *testing.T) {
	s := newContainerSandbox(t)
	name := fmt.Sprintf("it-%d", os.Getpid())
	before := s.traces(name)
	begin := time.Now()
	s.ok("up", "--name", name, "--nodes", "containers", "--wait")
	t.Logf("up --wait took %v", time.Since(begin).Round(100*time.Millisecond))
	s.loadApp(name)
	s.kubectl(name, "apply", "--validate=strict", "-f", filepath.Join("testdata", "containers.yaml"))
	s.kubectl(name, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
	for _, tt := range []struct {
		name  string
		check func(*testing.T, *sandbox, string)
	}{
		{"services", checkServices},
		{"names", checkNames},
		{"logs and exec", checkLogsAndExec},
		{"limits", checkLimits},
		{"volume", checkVolume},
		{"node killed", checkNodeKilled},
		{"side by side", checkContainersSideBySide},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, s, name) })
	}
	s.ok("down", "--name", name)
	s.gone(name, before)
}

// TestContainersKilled kills everything of a cluster with running containers at
// once: down still finds what is left.
func TestContainersKilled(t *testing.T) {
	s := newContainerSandbox(t)
	name := fmt.Sprintf("itk-%d", os.Getpid())
	before := s.traces(name)
	s.ok("up", "--name", name, "--nodes", "both", "--wait")
	s.loadApp(name)
	s.kubectl(name, "run", "web", "--image=web", "--image-pull-policy=IfNotPresent")
	s.kubectl(name, "wait", "--for=condition=Ready", "pod/web", "--timeout=60s")
	if got := s.kubectl(name, "get", "pod", "web", "-o", "jsonpath={.spec.nodeName}"); got != "gantry-"+name {
		t.Errorf("the pod is on %s, not on the container node", got)
	}
	ids, err := supervise.Strays(filepath.Join(s.root(), name))
	if err != nil || len(ids) < 10 {
		t.Fatalf("only %d processes: %v", len(ids), err)
	}
	for _, id := range ids {
		if err := id.Kill(); err != nil {
			t.Error(err)
		}
	}
	s.ok("down", "--name", name)
	s.gone(name, before)
}

// newContainerSandbox makes a user who may run containers, or skips.
func newContainerSandbox(t *testing.T) *sandbox {
	t.Helper()
	s := newSandbox(t)
	if err := containers.Part().Check(t.Context(), state.NodesContainers); err != nil {
		t.Skip(err)
	}
	return s
}

// loadApp makes the test's image and loads it under two names.
func (s *sandbox) loadApp(name string) {
	s.t.Helper()
	dir := s.t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "app"), "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		s.t.Fatalf("build the app: %v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "app"))
	if err != nil {
		s.t.Fatal(err)
	}
	archive := filepath.Join(dir, "app.tar")
	names := []string{"web:latest", "registry.example.com/team/app:1.0"}
	if err := os.WriteFile(archive, dockerArchive(s.t, program, names), 0o600); err != nil {
		s.t.Fatal(err)
	}
	want := "loaded docker.io/library/web:latest\nloaded registry.example.com/team/app:1.0\n"
	if got := s.ok("load", "--name", name, archive); got != want {
		s.t.Errorf("load prints %q, want %q", got, want)
	}
}

// dockerArchive makes a docker archive of one image with one program.
func dockerArchive(t *testing.T, program []byte, names []string) []byte {
	t.Helper()
	layer := tarball(t, "app", program)
	config := map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/app"}, "Cmd": []string{"serve", "hello from a container"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	}
	manifest := []map[string]any{{"Config": "config.json", "RepoTags": names, "Layers": []string{"layer.tar"}}}
	return tarball(t, "config.json", encoded(t, config), "layer.tar", layer, "manifest.json", encoded(t, manifest))
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tarball makes an archive of files given as name, content, name, content …
func tarball(t *testing.T, pairs ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		data := pairs[i+1].([]byte)
		if err := w.WriteHeader(&tar.Header{Name: pairs[i].(string), Mode: 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// page fetches a page from the host until it comes.
func page(t *testing.T, url, want string) {
	t.Helper()
	client := http.Client{Timeout: 3 * time.Second}
	eventually(t, url, func() error {
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err == nil && string(body) != want {
			err = fmt.Errorf("page is %q, want %q", body, want)
		}
		return err
	})
}

// field reads a field of an object.
func (s *sandbox) field(name, object, path string) string {
	s.t.Helper()
	return s.kubectl(name, "get", object, "-o", "jsonpath={"+path+"}")
}

const webPage = "hello from a container\n"

// checkServices reaches the pods from the host in every way there is.
func checkServices(t *testing.T, s *sandbox, name string) {
	node := s.field(name, "node/gantry-"+name, `.status.addresses[?(@.type=="InternalIP")].address`)
	one := s.field(name, "service/web-balanced", ".status.loadBalancer.ingress[0].ip")
	two := s.field(name, "service/other-balanced", ".status.loadBalancer.ingress[0].ip")
	if one == two {
		t.Errorf("two load balancers with one port share the address %s", one)
	}
	page(t, "http://"+s.field(name, "service/web", ".spec.clusterIP"), webPage)
	page(t, "http://"+node+":"+s.field(name, "service/web-port", ".spec.ports[0].nodePort"), webPage)
	page(t, "http://"+one+":8080", webPage)
	page(t, "http://"+two+":8080", webPage)
	page(t, "http://"+node+":8088", "stateful page\n")
}

// checkNames finds Services by name from inside, and the API server.
func checkNames(t *testing.T, s *sandbox, name string) {
	inside := func(args ...string) string {
		return s.kubectl(name, append([]string{"exec", "stateful", "--", "/app"}, args...)...)
	}
	ip := s.field(name, "service/web", ".spec.clusterIP")
	for _, host := range []string{"web", "web.default", "web.default.svc.cluster.local"} {
		if got := inside("lookup", host); got != ip+"\n" {
			t.Errorf("%s is %q, want %s", host, got, ip)
		}
	}
	if got := inside("get", "http://web"); got != webPage {
		t.Errorf("page by name: %q", got)
	}
	if got := inside("get", "http://"+s.field(name, "service/web-balanced", ".status.loadBalancer.ingress[0].ip")+":8080"); got != webPage {
		t.Errorf("page of the load balancer from inside: %q", got)
	}
	if got := inside("ask-server", "/api/v1/secrets"); !strings.Contains(got, "system:serviceaccount:default:default") {
		t.Errorf("the API server does not know who asks: %s", got)
	}
	if got := inside("ask-server", "/version"); !strings.Contains(got, `"minor": "36"`) {
		t.Errorf("version from inside: %s", got)
	}
}

func checkLogsAndExec(t *testing.T, s *sandbox, name string) {
	if got := s.kubectl(name, "logs", "stateful"); got != "serving stateful page\n" {
		t.Errorf("logs gives %q", got)
	}
	out := s.fails(3, "--name", name, "kubectl", "exec", "stateful", "--", "/app", "nonsense")
	if !strings.Contains(out, `unknown verb "nonsense"`) {
		t.Errorf("exec of a program that fails gives %q", out)
	}
}

// checkLimits finds the limit in the container's cgroup, and the pod's setting.
func checkLimits(t *testing.T, s *sandbox, name string) {
	uid := s.kubectl(name, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.uid}")
	var limits []string
	for _, file := range []string{"memory.limit_in_bytes", "memory.max"} {
		for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/memory"} {
			found, err := filepath.Glob(filepath.Join(root, "gantry-"+name+"-*", "kubepods", "*", "pod"+uid, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				data, err := os.ReadFile(f)
				limits = append(limits, strings.TrimSpace(string(data)))
				if err != nil {
					t.Error(err)
				}
			}
		}
	}
	if len(limits) != 1 || limits[0] != "67108864" {
		t.Errorf("memory limits of the pod's cgroup are %v, want 67108864", limits)
	}
	got := s.kubectl(name, "exec", "stateful", "--", "/app", "read", "/proc/sys/net/core/somaxconn")
	if got != "777\n" {
		t.Errorf("sysctl is %q, want 777", got)
	}
}

// checkVolume has data outlive its pod.
func checkVolume(t *testing.T, s *sandbox, name string) {
	s.kubectl(name, "exec", "stateful", "--", "/app", "write", "/data/file", "kept")
	s.kubectl(name, "delete", "pod", "stateful", "--wait")
	s.kubectl(name, "apply", "-f", filepath.Join("testdata", "containers.yaml"))
	s.kubectl(name, "wait", "--for=condition=Ready", "pod/stateful", "--timeout=60s")
	if got := s.kubectl(name, "exec", "stateful", "--", "/app", "read", "/data/file"); got != "kept" {
		t.Errorf("the file has %q", got)
	}
}

// checkNodeKilled ends the whole node: it comes back with its pods and data.
func checkNodeKilled(t *testing.T, s *sandbox, name string) {
	url := "http://" + s.field(name, "service/web-balanced", ".status.loadBalancer.ingress[0].ip") + ":8080"
	s.kill(name, "node")
	eventually(t, "containers are started anew", func() error {
		restarts := s.field(name, "pod/stateful", ".status.containerStatuses[0].restartCount")
		if ready := s.field(name, "pod/stateful", ".status.containerStatuses[0].ready"); restarts != "1" || ready != "true" {
			return fmt.Errorf("restarts %s, ready %s", restarts, ready)
		}
		return nil
	})
	page(t, url, webPage)
	if got := s.kubectl(name, "exec", "stateful", "--", "/app", "read", "/data/file"); got != "kept" {
		t.Errorf("the file has %q", got)
	}
}

// checkContainersSideBySide has a second container node on the machine; taking
// it down does not touch the first.
func checkContainersSideBySide(t *testing.T, s *sandbox, name string) {
	second := name + "-2"
	before := s.traces(second)
	s.ok("up", "--name", second, "--nodes", "containers", "--wait")
	s.loadApp(second)
	s.kubectl(second, "run", "web", "--image=web", "--image-pull-policy=IfNotPresent", "--port=80", "--expose")
	s.kubectl(second, "wait", "--for=condition=Ready", "pod/web", "--timeout=60s")
	page(t, "http://"+s.field(second, "service/web", ".spec.clusterIP"), webPage)
	first := "http://" + s.field(name, "service/web-balanced", ".status.loadBalancer.ingress[0].ip") + ":8080"
	page(t, first, webPage)
	s.ok("down", "--name", second)
	s.gone(second, before)
	page(t, first, webPage)
}

// traces lists what a container node could leave on the machine: what carries
// the cluster's name, and the usual places of the programs that it runs.
func (s *sandbox) traces(name string) []string {
	s.t.Helper()
	var out []string
	links, err := netlink.LinkList()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range links {
		if strings.HasPrefix(l.Attrs().Alias, "gantry-"+name+"-") {
			out = append(out, "interface "+l.Attrs().Name)
		}
	}
	tables, err := exec.Command("nft", "list", "tables").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, table := range strings.Fields(string(tables)) {
		if strings.HasPrefix(table, "gantry-"+name+"-") || table == "kube-proxy" {
			out = append(out, "table "+table)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, s.dir) {
			out = append(out, "mount "+line)
		}
	}
	for _, pattern := range []string{
		"/sys/fs/cgroup/gantry-" + name + "-*", "/sys/fs/cgroup/*/gantry-" + name + "-*",
		"/run/containerd", "/run/netns/*", "/run/runc", "/run/nri", "/run/flannel", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/cni",
		"/var/log/pods", "/var/log/containers", "/opt/containerd", "/opt/cni", "/opt/nri", "/etc/cni", "/etc/kubernetes", "/usr/libexec/kubernetes",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, found...)
	}
	return out
}

// gone checks that a cluster left no trace.
func (s *sandbox) gone(name string, before []string) {
	s.t.Helper()
	known := map[string]bool{}
	for _, trace := range before {
		known[trace] = true
	}
	for _, trace := range s.traces(name) {
		if !known[trace] {
			s.t.Errorf("left: %s", trace)
		}
	}
	if left, err := supervise.Strays(filepath.Join(s.root(), name)); err != nil || len(left) > 0 {
		s.t.Errorf("processes are left: %v %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(s.root(), name)); !os.IsNotExist(err) {
		s.t.Errorf("the folder is left: %v", err)
	}
}
