package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// status reads the status of one cluster; there must be one.
func (s *sandbox) status(name string) clusterStatus {
	s.t.Helper()
	var all []clusterStatus
	out := s.ok("status", "--name", name, "--format", "json")
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 {
		s.t.Fatalf("status of %s: %v\n%s", name, err, out)
	}
	return all[0]
}

// kill ends a process of a cluster the hard way.
func (s *sandbox) kill(name, component string) {
	s.t.Helper()
	for _, c := range s.status(name).Components {
		if c.Name != component {
			continue
		}
		p, err := os.FindProcess(c.PID)
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			s.t.Fatalf("kill %s: %v", component, err)
		}
		return
	}
	s.t.Fatalf("no component %s", component)
}

// nothingLeft checks that no process and no file of any cluster is there.
func (s *sandbox) nothingLeft(names ...string) {
	s.t.Helper()
	for _, n := range names {
		left, err := supervise.Strays(filepath.Join(s.root(), n))
		if err != nil || len(left) > 0 {
			s.t.Errorf("processes of %s are left: %v %v", n, left, err)
		}
	}
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			s.t.Errorf("a file is left: %s", path)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
	if _, err := os.Stat(s.root()); !os.IsNotExist(err) {
		s.t.Errorf("the state folder is left: %v", err)
	}
}

const workload = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: first, image: setup}]
      containers: [{name: web, image: web, volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: once}]}}}
`

// TestSimulated takes one cluster through its life. It is one test, as each
// start costs seconds.
func TestSimulated(t *testing.T) {
	s := newSandbox(t)
	s.ok("up", "--wait")
	if out := s.ok("up", "--wait"); !strings.Contains(out, "already running") {
		t.Errorf("second up does not say that the cluster runs:\n%s", out)
	}
	t.Run("user files", func(t *testing.T) { checkUserFiles(t, s) })
	t.Run("workload", func(t *testing.T) { checkWorkload(t, s) })
	t.Run("failures", func(t *testing.T) { checkFailures(t, s) })
	t.Run("restart", func(t *testing.T) { checkRestart(t, s) })
	t.Run("supervisor killed", func(t *testing.T) { checkSupervisorKilled(t, s) })
	s.kill("default", "supervisor")
	s.ok("down")
	s.nothingLeft("default")
	if out := s.ok("down"); !strings.Contains(out, "does not exist") {
		t.Errorf("second down: %s", out)
	}
}

func checkUserFiles(t *testing.T, s *sandbox) {
	data, err := os.ReadFile(s.config())
	want := "version: 1\ndefault: local\ntargets:\n  local:\n    context: gantry-default\n    managedBy: gantry-local\n"
	if err != nil || string(data) != want {
		t.Errorf("gantry's configuration is %v\n%s\nwant\n%s", err, data, want)
	}
	info, err := os.Stat(s.kubeconfig())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("kubeconfig: %v %v, want mode 0600", info, err)
	}
	info, err = os.Stat(filepath.Join(s.root(), "default"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("state folder: %v %v, want mode 0700", info, err)
	}
}

func checkWorkload(t *testing.T, s *sandbox) {
	file := filepath.Join(t.TempDir(), "workload.yaml")
	if err := os.WriteFile(file, []byte(workload), 0o600); err != nil {
		t.Fatal(err)
	}
	s.kubectl("default", "apply", "--validate=strict", "-f", file)
	s.kubectl("default", "rollout", "status", "deployment/web", "--timeout=30s")
	s.kubectl("default", "wait", "--for=condition=Complete", "job/once", "--timeout=30s")
	s.kubectl("default", "wait", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}=127.0.0.1", "service/web", "--timeout=30s")
	if got := s.kubectl("default", "get", "pvc", "data", "-o", "jsonpath={.status.phase}"); got != "Bound" {
		t.Errorf("claim is %s, want Bound", got)
	}
	const honest = "simulated node: no container runs here"
	if got := s.kubectl("default", "logs", "-l", "app=web", "-c", "web"); strings.TrimSpace(got) != honest {
		t.Errorf("logs gives %q", got)
	}
	if got := s.fails(1, "kubectl", "exec", "deploy/web", "--", "true"); !strings.Contains(got, honest) {
		t.Errorf("exec gives %q", got)
	}
}

func checkFailures(t *testing.T, s *sandbox) {
	tests := []struct{ failure, path, want string }{
		{"crashloop", "{.state.waiting.reason} {.lastState.terminated.exitCode} {.lastState.terminated.reason}", "CrashLoopBackOff 1 Error"},
		{"oom", "{.state.waiting.reason} {.lastState.terminated.exitCode} {.lastState.terminated.reason}", "CrashLoopBackOff 137 OOMKilled"},
		{"imagepull", "{.state.waiting.reason} {.ready}", "ImagePullBackOff false"},
		{"never-ready", "{.ready} {.started}", "false true"},
	}
	for _, tt := range tests {
		s.kubectl("default", "run", tt.failure, "--image=x", "--annotations=gantry.dev/simulate="+tt.failure)
	}
	for _, tt := range tests {
		path := "jsonpath={range .status.containerStatuses[*]}" + tt.path + "{end}"
		eventually(t, tt.failure, func() error {
			if got := s.kubectl("default", "get", "pod", tt.failure, "-o", path); got != tt.want {
				return fmt.Errorf("status is %q, want %q", got, tt.want)
			}
			return nil
		})
	}
	events := s.kubectl("default", "get", "events", "-o", "jsonpath={range .items[*]}{.involvedObject.name} {.reason}{\"\\n\"}{end}")
	for _, want := range []string{"crashloop BackOff", "imagepull Failed", "never-ready Unhealthy", "oom BackOff"} {
		if !strings.Contains(events, want) {
			t.Errorf("no event %q in\n%s", want, events)
		}
	}
}

// checkRestart kills each component: all come back, and with them the cluster.
func checkRestart(t *testing.T, s *sandbox) {
	var killed []string
	for _, c := range s.status("default").Components {
		if c.Name != "supervisor" {
			s.kill("default", c.Name)
			killed = append(killed, c.Name)
		}
	}
	eventually(t, "components come back", func() error {
		st := s.status("default")
		if st.State != "running" {
			return fmt.Errorf("cluster is %s: %+v", st.State, st.Components)
		}
		for _, c := range st.Components {
			if c.Name != "supervisor" && c.Restarts == 0 {
				return fmt.Errorf("%s was not restarted", c.Name)
			}
		}
		return nil
	})
	if len(killed) < 5 {
		t.Errorf("only %v were there to kill", killed)
	}
	s.ok("up", "--wait")
	s.kubectl("default", "get", "deployment", "web")
}

// checkSupervisorKilled kills the supervisor: all end, and up brings the same
// cluster back.
func checkSupervisorKilled(t *testing.T, s *sandbox) {
	dir := filepath.Join(s.root(), "default")
	s.kill("default", "supervisor")
	eventually(t, "components end with their supervisor", func() error {
		left, err := supervise.Strays(dir)
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("left: %v", left)
		}
		return err
	})
	if st := s.status("default"); st.State != "stopped" {
		t.Errorf("status says %s, want stopped", st.State)
	}
	s.ok("up", "--wait")
	s.kubectl("default", "rollout", "status", "deployment/web", "--timeout=30s")
}

// TestSideBySide has several clusters of one user at once.
func TestSideBySide(t *testing.T) {
	s := newSandbox(t)
	names := []string{"one", "two"}
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Go(func() {
			if out, err := s.run("up", "--name", n, "--wait"); err != nil {
				t.Errorf("up %s: %v\n%s", n, err, out)
			}
		})
	}
	wg.Wait()
	s.kubectl("one", "create", "namespace", "only-one")
	if got := s.kubectl("two", "get", "namespaces"); strings.Contains(got, "only-one") {
		t.Errorf("two clusters share their objects:\n%s", got)
	}
	contexts := s.kubectl("one", "--kubeconfig", s.kubeconfig(), "config", "get-contexts", "-o", "name")
	if contexts != "gantry-one\ngantry-two\n" && contexts != "gantry-two\ngantry-one\n" {
		t.Errorf("contexts are %q", contexts)
	}
	s.ok("down", "--name", "one")
	s.kubectl("two", "get", "nodes")
	s.ok("down", "--all")
	s.nothingLeft(names...)
}

// TestInterruptedUp kills up at different moments: down always leaves nothing,
// and an up in between always works.
func TestInterruptedUp(t *testing.T) {
	s := newSandbox(t)
	for _, after := range []time.Duration{20, 60, 120, 250, 700, 1500} {
		ctx, cancel := context.WithTimeout(context.Background(), after*time.Millisecond)
		cmd := s.command(ctx, "up", "--wait")
		if err := cmd.Run(); err == nil {
			t.Errorf("up was done before it was killed after %d ms", after)
		}
		cancel()
		s.ok("down")
		s.nothingLeft("default")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	if err := s.command(ctx, "up").Run(); err == nil {
		t.Error("up was done before it was killed")
	}
	s.ok("up", "--wait")
	s.ok("down")
	s.nothingLeft("default")
}

// TestUsage gives wrong command lines: one line of error, exit code 2 where it
// is a matter of usage.
func TestUsage(t *testing.T) {
	s := newSandbox(t)
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"up", "--nodes", "real"}, 2, "use simulated, containers or both"},
		{[]string{"up", "--name", "A_b"}, 2, "invalid cluster name"},
		{[]string{"up", "more"}, 2, `unknown command "more"`},
		{[]string{"up", "--no-such-flag"}, 2, "unknown flag"},
		{[]string{"status", "--format", "xml"}, 2, "use table or json"},
		{[]string{"nonsense"}, 2, "nonsense"},
		{[]string{"kubectl", "get", "pods"}, 1, "make it with `gantry local up`"},
		{[]string{"--name", "x", "kubeconfig"}, 1, "gantry local up --name x"},
	}
	for _, tt := range tests {
		if out := s.fails(tt.code, tt.args...); !strings.Contains(out, tt.want) || strings.Count(out, "\n") != 1 {
			t.Errorf("%v gives %q, want one line with %q", tt.args, out, tt.want)
		}
	}
	if out := s.ok("status"); !strings.Contains(out, "no cluster") {
		t.Errorf("status without clusters gives %q", out)
	}
}
