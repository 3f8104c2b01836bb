// Command render measures what gantry does without a cluster beside its peers
// and prints the tables of docs/performance.md:
//
//	go run ./bench/cmd/render [-n 10,1000,3000] [-rounds 7] [-gantry PATH] [-peers=false]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/bench"
	"github.com/gantry-dev/gantry/bench/input"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// measurement is one run of this program.
type measurement struct {
	gantry  string
	dir     string
	rounds  int
	sizes   []int
	objects int
	peers   bool
	out     io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	m := &measurement{out: out}
	fs := flag.NewFlagSet("render", flag.ContinueOnError)
	sizes := fs.String("n", "10,1000,3000", "numbers of services")
	fs.IntVar(&m.objects, "objects", 3000, "objects under the kustomization")
	fs.IntVar(&m.rounds, "rounds", 7, "rounds that count")
	fs.BoolVar(&m.peers, "peers", true, "measure the peers on PATH as well")
	given := fs.String("gantry", "", "gantry to measure; built when empty")
	if err := fs.Parse(args); err != nil {
		return err
	}
	for word := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return fmt.Errorf("-n: %q is no number of services", word)
		}
		m.sizes = append(m.sizes, n)
	}
	var err error
	if m.dir, err = os.MkdirTemp("", "gantry-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(m.dir)
	if m.gantry, err = bench.Gantry(ctx, *given, m.dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", bench.Machine())
	for _, part := range []func(context.Context) error{m.start, m.convert, m.kustomize} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n%s\n", bench.Machine())
	return nil
}

// peer returns a command of another program; a missing one without peers.
func (m *measurement) peer(program string, args ...string) bench.Command {
	if !m.peers {
		return bench.Command{Name: program}
	}
	return bench.Peer(program, args...)
}

func (m *measurement) ours(args ...string) bench.Command {
	return bench.Command{Name: "gantry", Path: m.gantry, Args: args}
}

// start measures how long a process takes that does next to nothing.
func (m *measurement) start(ctx context.Context) error {
	kubectl := m.peer("kubectl", "version", "--client")
	series, err := bench.InTurns(ctx, 3*m.rounds, m.ours("version"), kubectl)
	if err != nil {
		return err
	}
	t := bench.Table{{"start", "time", "CPU", "memory", "gantry / peer"}}
	t.Add("`gantry version`", bench.Seconds(series[0].Wall()), bench.Seconds(series[0].CPU()), bench.Megabytes(series[0].Peak()), "")
	t.Add("`kubectl version --client`", bench.Seconds(series[1].Wall()), bench.Seconds(series[1].CPU()),
		bench.Megabytes(series[1].Peak()), bench.Number(bench.Ratio(series[0], series[1])))
	fmt.Fprintf(m.out, "\n%s%s", t, bench.Missing(kubectl))
	return nil
}

// convert measures rendering at every size.
func (m *measurement) convert(ctx context.Context) error {
	t := bench.Table{{"services", "gantry", "CPU", "memory", "kompose", "CPU", "memory", "gantry / kompose", "growth"}}
	var kompose bench.Command
	var last bench.Series
	for i, n := range m.sizes {
		dir, err := m.write(fmt.Sprintf("c%d", n), map[string]string{"compose.yaml": input.Compose(input.Size{Services: n, Replicas: 2})})
		if err != nil {
			return err
		}
		ours := m.ours("compose", "-f", "compose.yaml", "convert")
		kompose = m.peer("kompose", "convert", "-f", "compose.yaml", "--stdout")
		ours.Dir, kompose.Dir = dir, dir
		ours.Output, kompose.Output = filepath.Join(dir, "gantry.out"), filepath.Join(dir, "kompose.out")
		rounds := m.rounds
		if n < 100 {
			rounds *= 3
		}
		series, err := bench.InTurns(ctx, rounds, ours, kompose)
		if err != nil {
			return err
		}
		growth := "–"
		if i > 0 {
			growth = bench.Number(bench.Growth(last.Wall(), series[0].Wall(), m.sizes[i-1], n))
		}
		last = series[0]
		t.Add(strconv.Itoa(n), bench.Seconds(series[0].Wall()), bench.Seconds(series[0].CPU()), bench.Megabytes(series[0].Peak()),
			bench.Seconds(series[1].Wall()), bench.Seconds(series[1].CPU()), bench.Megabytes(series[1].Peak()),
			bench.Number(bench.Ratio(series[0], series[1])), growth)
	}
	fmt.Fprintf(m.out, "\n%s%s", t, bench.Missing(kompose))
	return nil
}

func (m *measurement) write(name string, files map[string]string) (string, error) {
	dir := filepath.Join(m.dir, name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}
