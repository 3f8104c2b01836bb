package apps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is generous, for a loaded machine.
const patience = 3 * time.Minute

// TestApplications deploys applications of examples/ into real containers. They
// share what makes their images.
func TestApplications(t *testing.T) {
	for _, name := range []string{"GANTRY_E2E_KUBECONFIG", "GANTRY_E2E_BIN"} {
		if os.Getenv(name) == "" {
			t.Skip("no cluster: run `make e2e`")
		}
	}
	if has := os.Getenv("GANTRY_E2E_NODES"); has != "containers" && has != "both" {
		t.Skipf("the cluster has %s nodes, this needs containers", has)
	}
	images := newStore(t)
	for name, test := range map[string]func(*testing.T, *store){"wordpress": testWordPress, "shop": testShop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, images)
		})
	}
}

// app is an example in a folder and a namespace of its own.
type app struct {
	*testing.T
	dir, namespace string
	env            []string
	// said is all that gantry has printed.
	said bytes.Buffer
}

// newApp copies an example and lets its kustomization name images made here:
// images tells which of the store takes the place of which of the example.
func newApp(t *testing.T, example string, s *store, images map[string]string) *app {
	t.Helper()
	dir := filepath.Join(t.TempDir(), example)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", example))); err != nil {
		t.Fatal(err)
	}
	a := &app{T: t, dir: dir, namespace: "app-" + example}
	a.env = append(os.Environ(),
		"KUBECONFIG="+os.Getenv("GANTRY_E2E_KUBECONFIG"), "HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	a.env = append(a.env, s.environ()...)
	a.edit("kustomization.yaml", func(text string) string {
		text += "images:\n"
		for _, theirs := range slices.Sorted(maps.Keys(images)) {
			name, tag, _ := strings.Cut(nameOf(images[theirs]), ":")
			text += fmt.Sprintf("  - {name: %s, newName: %s, newTag: %s}\n", theirs, name, tag)
		}
		return text
	})
	for _, image := range images {
		a.must(a.program("gantry-local", "load", s.archive(t, image)))
	}
	a.kubectl("create", "namespace", a.namespace)
	t.Cleanup(a.remove)
	return a
}

// remove takes away what a failed test has left, and says what there was to see.
func (a *app) remove() {
	if a.Failed() {
		out, _ := a.program("gantry-local", "kubectl", "-n", a.namespace, "get", "all,pvc,events", "-o", "wide").CombinedOutput()
		a.Logf("%s\nwhat gantry said:\n%s", out, a.said.Bytes())
	}
	for _, cmd := range []*exec.Cmd{
		a.program("gantry", "compose", "-n", a.namespace, "down", "--volumes"),
		a.program("gantry-local", "kubectl", "delete", "namespace", a.namespace, "--ignore-not-found"),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			a.Errorf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
}

// edit changes a file of the example.
func (a *app) edit(file string, change func(string) string) {
	a.Helper()
	path := filepath.Join(a.dir, file)
	old, err := os.ReadFile(path)
	if err != nil {
		a.Fatal(err)
	}
	write(a.T, path, change(string(old)))
}

func (a *app) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(os.Getenv("GANTRY_E2E_BIN"), name), args...)
	cmd.Dir, cmd.Env = a.dir, a.env
	return cmd
}

// must runs a program that has to succeed and returns its stdout.
func (a *app) must(cmd *exec.Cmd) string {
	a.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if filepath.Base(cmd.Path) == "gantry" {
		fmt.Fprintf(&a.said, "$ %s\n%s%s", strings.Join(cmd.Args, " "), &stdout, &stderr)
	}
	if err != nil {
		a.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// compose runs a verb of gantry compose in the application's namespace.
func (a *app) compose(args ...string) string {
	a.Helper()
	return a.must(a.program("gantry", append([]string{"compose", "-n", a.namespace}, args...)...))
}

func (a *app) kubectl(args ...string) string {
	a.Helper()
	return a.must(a.program("gantry-local", append([]string{"kubectl", "-n", a.namespace}, args...)...))
}

// address is where a service is published.
func (a *app) address(service string) string {
	a.Helper()
	var row struct {
		Publishers []struct {
			URL           string
			PublishedPort int
		}
	}
	out, _, _ := strings.Cut(a.compose("ps", "--format", "json", service), "\n")
	if err := json.Unmarshal([]byte(out), &row); err != nil {
		a.Fatalf("%v in %q", err, out)
	}
	for _, p := range row.Publishers {
		if p.URL != "" && p.PublishedPort != 0 {
			return fmt.Sprintf("%s:%d", p.URL, p.PublishedPort)
		}
	}
	a.Fatalf("%s is not published: %s", service, out)
	return ""
}

// eventually tries until there is no error.
func (a *app) eventually(try func() error) {
	a.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			a.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// nothingLeft wants an empty namespace, in a while: pods may still be ending.
func (a *app) nothingLeft() {
	a.Helper()
	a.eventually(func() error {
		left := a.kubectl("get", "all,pvc,secret,configmap,ingress,networkpolicy,hpa", "-o", "name", "--field-selector", "metadata.name!=kube-root-ca.crt")
		if left != "" {
			return fmt.Errorf("left behind: %s", left)
		}
		return nil
	})
}
