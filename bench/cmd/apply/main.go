// Command apply measures what gantry does with a cluster beside its peers and
// prints the tables of docs/performance.md. It needs a cluster that may be
// filled and emptied, such as one of hack/with-cluster:
//
//	hack/with-cluster simulated go run ./bench/cmd/apply
//	    [-kubeconfig FILE] [-n 1000] [-pods 10000] [-rounds 5] [-gantry PATH] [-peers=false] [-parts first,unchanged,...]
//
// It works in namespaces of its own, bench-*, and deletes them in the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/bench"
	"github.com/gantry-dev/gantry/bench/input"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := run
	if len(os.Args) > 1 && os.Args[1] == rawLoop {
		run = raw
	}
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// measurement is one run of this program.
type measurement struct {
	gantry, self string
	kubeconfig   string
	config       *rest.Config
	kube         kubernetes.Interface
	dir          string
	services     int
	listed       int
	rounds       int
	peers        bool
	namespaces   []string
	out          io.Writer
}

// part is a table that can be asked for alone.
type part struct {
	name string
	do   func(context.Context) error
}

func (m *measurement) parts() []part {
	return []part{{"first", m.first}, {"unchanged", m.unchanged}, {"requests", m.requests}, {"ready", m.ready}, {"ps", m.ps}}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	m := &measurement{out: out}
	fs := flag.NewFlagSet("apply", flag.ContinueOnError)
	fs.StringVar(&m.kubeconfig, "kubeconfig", os.Getenv("GANTRY_E2E_KUBECONFIG"), "the cluster to fill; $GANTRY_E2E_KUBECONFIG when empty")
	fs.IntVar(&m.services, "n", 1000, "services, of three objects each")
	fs.IntVar(&m.listed, "pods", 10_000, "pods that ps lists; making them takes minutes")
	fs.IntVar(&m.rounds, "rounds", 5, "rounds that count")
	fs.BoolVar(&m.peers, "peers", true, "measure the peers on PATH as well; kubectl takes minutes")
	given := fs.String("gantry", "", "gantry to measure; built when empty")
	chosen := fs.String("parts", "first,unchanged,requests,ready,ps", "tables to make")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if m.kubeconfig == "" {
		return errors.New("-kubeconfig: which cluster? hack/with-cluster simulated gives one")
	}
	if err := m.prepare(ctx, *given); err != nil {
		return err
	}
	defer os.RemoveAll(m.dir)
	defer m.clean()
	fmt.Fprintf(out, "%s\n", bench.Machine())
	for _, p := range m.parts() {
		if !slices.Contains(strings.Split(*chosen, ","), p.name) {
			continue
		}
		if err := p.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Fprintf(out, "\n%s\n", bench.Machine())
	return nil
}

// prepare finds the programs and the cluster, and writes the inputs.
func (m *measurement) prepare(ctx context.Context, given string) (err error) {
	if m.self, err = os.Executable(); err != nil {
		return err
	}
	if m.kubeconfig, err = filepath.Abs(m.kubeconfig); err != nil {
		return err
	}
	if m.config, err = clientcmd.BuildConfigFromFlags("", m.kubeconfig); err != nil {
		return err
	}
	if m.kube, err = kubernetes.NewForConfig(m.config); err != nil {
		return err
	}
	if m.dir, err = os.MkdirTemp("", "gantry-bench-"); err != nil {
		return err
	}
	if m.gantry, err = bench.Gantry(ctx, given, m.dir); err != nil {
		return err
	}
	return m.inputs(ctx)
}

// inputs writes the application as a Compose file for gantry and, rendered, as
// manifests for the others; ready is the same with a replica each.
func (m *measurement) inputs(ctx context.Context) error {
	for name, size := range map[string]input.Size{
		"app":     {Services: m.services},
		"changed": {Services: m.services, Changed: true},
		"ready":   {Services: m.services, Replicas: 1},
	} {
		size.Unpublished = true
		if err := os.WriteFile(m.file(name+".compose"), []byte(input.Compose(size)), 0o600); err != nil {
			return err
		}
		c := bench.Command{Path: m.gantry, Args: []string{"compose", "-f", m.file(name + ".compose"), "convert"}, Output: m.file(name + ".yaml")}
		if _, err := bench.Run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) file(name string) string { return filepath.Join(m.dir, name) }

// up is gantry's own command.
func (m *measurement) up(app, namespace string, flags ...string) bench.Command {
	args := []string{"--kubeconfig", m.kubeconfig, "-n", namespace, "compose", "-f", m.file(app + ".compose"), "up", "--yes", "--quiet"}
	return bench.Command{Name: "`gantry compose up`", Path: m.gantry, Args: append(args, flags...)}
}

// loop is the raw loop of PATCH requests.
func (m *measurement) loop(app, namespace string, flags ...string) bench.Command {
	args := append([]string{rawLoop, "-kubeconfig", m.kubeconfig, "-n", namespace, "-f", m.file(app + ".yaml")}, flags...)
	return bench.Command{Name: "PATCH loop with client-go", Path: m.self, Args: args}
}

func (m *measurement) kapp(namespace string) bench.Command {
	c := m.peer("kapp", "deploy", "--kubeconfig", m.kubeconfig, "-n", namespace, "--into-ns", namespace, "-a", "bench",
		"-f", m.file("app.yaml"), "--yes", "--wait=false")
	c.Name = "`kapp deploy --wait=false`"
	return c
}

func (m *measurement) kubectl(namespace string) bench.Command {
	c := m.peer("kubectl", "--kubeconfig", m.kubeconfig, "-n", namespace, "apply", "--server-side", "-f", m.file("app.yaml"))
	c.Name = "`kubectl apply --server-side`"
	return c
}

// peer returns a command of another program; a missing one without peers.
func (m *measurement) peer(program string, args ...string) bench.Command {
	if !m.peers {
		return bench.Command{Name: program}
	}
	return bench.Peer(program, args...)
}
