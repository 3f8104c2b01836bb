package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// patience is generous, for a loaded machine.
const patience = 90 * time.Second

// Runner runs scenarios on a cluster with real containers.
type Runner struct {
	// Bin is the folder of gantry and gantry-local.
	Bin string
	// Probe is the probe's path on this machine, for observations from outside.
	Probe string
	// Kubeconfig leads to the cluster.
	Kubeconfig string
	// Overlay is a kustomization over every scenario, "" for none: a way to
	// break what gantry renders, to see that it is noticed.
	Overlay string
	// Patience is how long something may take until it is observed, unless the
	// observation says otherwise; zero for the default.
	Patience time.Duration
	// Log takes what happens; nil for nowhere.
	Log func(format string, args ...any)
}

// State is what came of a behaviour.
type State string

// The states of a behaviour.
const (
	Equal   State = "equal"
	Differs State = "differs"
	Failed  State = "failed"
)

// Outcome is what came of one behaviour.
type Outcome struct {
	Behaviour Behaviour
	State     State
	// Err says why it failed.
	Err  error
	Took time.Duration
}

// Result is what came of a scenario.
type Result struct {
	Scenario Scenario
	Outcomes []Outcome
	Took     time.Duration
}

// run is a scenario while it runs.
type run struct {
	Runner
	scenario  Scenario
	namespace string
	dir       string
	load      *load
}

// errNotDeployed is why all but the first behaviour of a scenario fail that
// could not be deployed; the first one tells the reason.
var errNotDeployed = errors.New("the scenario is not deployed")

// Run deploys a scenario in a namespace of its own, observes its behaviours one
// after the other and removes everything. dir is a folder for its files. What
// goes wrong is in the outcomes, so that one page shows all of it.
func (r Runner) Run(ctx context.Context, s Scenario, dir string) Result {
	begin, result := time.Now(), Result{Scenario: s}
	at := &run{Runner: r, scenario: s, namespace: "conformance-" + s.Name, dir: dir}
	err := at.deploy(ctx)
	deployed := err == nil
	for _, b := range s.Behaviours {
		o := Outcome{Behaviour: b, State: Failed, Err: err}
		if start := time.Now(); err == nil {
			o.State, o.Err = at.judge(ctx, b)
			o.Took = time.Since(start)
		}
		r.logf("%-7s %5.1fs  %s: %s", o.State, o.Took.Seconds(), s.Name, b.Behaviour)
		result.Outcomes = append(result.Outcomes, o)
		if !deployed {
			err = errNotDeployed
		}
	}
	if err := at.remove(ctx); err != nil && len(result.Outcomes) > 0 {
		last := &result.Outcomes[len(result.Outcomes)-1]
		last.State, last.Err = Failed, errors.Join(last.Err, err)
	}
	result.Took = time.Since(begin)
	return result
}

func (r Runner) logf(format string, args ...any) {
	if r.Log != nil {
		r.Log(format, args...)
	}
}

func (r *run) deploy(ctx context.Context) error {
	if err := os.CopyFS(r.dir, os.DirFS(r.scenario.Dir)); err != nil {
		return err
	}
	if _, err := r.must(ctx, r.kubectl("create", "namespace", r.namespace)); err != nil {
		return err
	}
	_, err := r.must(ctx, r.gantry(append([]string{"up"}, r.scenario.Up...)...))
	return err
}

// remove takes the application down and its namespace away.
func (r *run) remove(ctx context.Context) error {
	if r.load != nil {
		r.load.stop()
	}
	_, err := r.must(ctx, r.gantry("down", "--volumes"))
	_, gone := r.must(ctx, r.kubectl("delete", "namespace", r.namespace, "--ignore-not-found"))
	return errors.Join(err, gone)
}

// judge observes one behaviour.
func (r *run) judge(ctx context.Context, b Behaviour) (State, error) {
	for i, step := range b.When {
		if err := r.step(ctx, step); err != nil {
			return Failed, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	if b.Differs == nil {
		if err := r.await(ctx, b.Observe); err != nil {
			return Failed, err
		}
		return Equal, nil
	}
	if err := r.await(ctx, b.Differs.Observe); err != nil {
		return Failed, fmt.Errorf("the known difference is not what is observed: %w", err)
	}
	for _, o := range b.Observe {
		if err := r.once(ctx, o); err != nil {
			return Differs, nil
		}
	}
	return Failed, errors.New("the known difference no longer differs: remove `differs`")
}

// step does what comes before an observation.
func (r *run) step(ctx context.Context, s Step) error {
	var err error
	switch {
	case len(s.Gantry) > 0:
		_, err = r.must(ctx, r.gantry(s.Gantry...))
	case len(s.Kubectl) > 0:
		_, err = r.must(ctx, r.kubectl(append([]string{"-n", r.namespace}, s.Kubectl...)...))
	case len(s.Copy) == 2:
		var data []byte
		if data, err = os.ReadFile(filepath.Join(r.dir, s.Copy[0])); err == nil {
			err = os.WriteFile(filepath.Join(r.dir, s.Copy[1]), data, 0o644)
		}
	case s.In != "":
		_, err = r.look(ctx, Observation{In: s.In, Do: s.Do})
	case s.Load != "":
		var url string
		if url, err = r.expand(ctx, s.Load); err == nil {
			r.load = startLoad(url)
		}
	case len(s.Await) > 0:
		err = r.await(ctx, s.Await)
	default:
		err = errors.New("the step does nothing")
	}
	return err
}

// await waits until every observation has been made, one after the other.
func (r *run) await(ctx context.Context, observations []Observation) error {
	for _, o := range observations {
		if err := r.eventually(ctx, o); err != nil {
			return err
		}
		if err := r.lasting(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// eventually looks until it sees what is to be seen.
func (r *run) eventually(ctx context.Context, o Observation) error {
	limit := cmp.Or(time.Duration(o.Within), r.Patience, patience)
	for deadline := time.Now().Add(limit); ; {
		err := r.once(ctx, o)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil || o.Load {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// lasting looks again and again for as long as it must be seen.
func (r *run) lasting(ctx context.Context, o Observation) error {
	for deadline := time.Now().Add(time.Duration(o.For)); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		if err := r.once(ctx, o); err != nil {
			return fmt.Errorf("it did not last: %w", err)
		}
	}
	return nil
}

// answer is what a command gave.
type answer struct {
	out, err string
	exit     int
}

// gantry is the command line of gantry, as a user types it.
func (r *run) gantry(args ...string) *exec.Cmd {
	base := []string{"compose", "-p", r.scenario.Name, "-n", r.namespace, "--progress", "plain"}
	if r.Overlay != "" {
		base = append(base, "-k", r.Overlay)
	}
	return exec.Command(filepath.Join(r.Bin, "gantry"), append(base, args...)...)
}

func (r *run) kubectl(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(r.Bin, "gantry-local"), append([]string{"kubectl"}, args...)...)
}

// exec runs a command in the scenario's folder.
func (r *run) exec(ctx context.Context, cmd *exec.Cmd) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	bound := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	bound.Dir = r.dir
	bound.Env = append(os.Environ(), "KUBECONFIG="+r.Kubeconfig, "XDG_CONFIG_HOME="+filepath.Join(r.dir, ".config"), "FROM_THE_SHELL=from the shell")
	var out, errs bytes.Buffer
	bound.Stdout, bound.Stderr = &out, &errs
	err := bound.Run()
	a := answer{out.String(), errs.String(), bound.ProcessState.ExitCode()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return a, err
}

// must runs a command that is to succeed.
func (r *run) must(ctx context.Context, cmd *exec.Cmd) (string, error) {
	a, err := r.exec(ctx, cmd)
	if err == nil && a.exit != 0 {
		err = fmt.Errorf("%v: exit code %d:\n%s%s", cmd.Args[1:], a.exit, a.out, a.err)
	}
	return a.out, err
}
