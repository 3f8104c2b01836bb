package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/controlplane"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// pollEvery is how often the record and the parts are looked at.
const pollEvery = 50 * time.Millisecond

// hopeless is after how many ends without being ready up gives up on a
// component. The supervisor goes on trying.
const hopeless = 4

// wait waits for the API server or, with all, for everything.
func (m *Manager) wait(ctx context.Context, c *state.Cluster, all bool, begin time.Time) error {
	if err := m.waitProcesses(ctx, c, all, begin); err != nil {
		return err
	}
	if !all {
		return nil
	}
	client, err := Client(c)
	if err != nil {
		return err
	}
	for _, p := range component.For(m.Parts, c.Nodes) {
		if p.Ready == nil {
			continue
		}
		waited, err := waitPart(ctx, c, p, client)
		if err != nil {
			return err
		}
		if waited {
			m.Say("%5.1fs  %s ready", time.Since(begin).Seconds(), p.Name)
		}
	}
	return nil
}

// waitProcesses waits for the components that are wanted, telling of each.
func (m *Manager) waitProcesses(ctx context.Context, c *state.Cluster, all bool, begin time.Time) error {
	told := map[string]bool{}
	for first := true; ; first = false {
		record, err := readLive(c)
		if err != nil {
			return err
		}
		if first && record.AllReady() {
			return nil
		}
		m.tellReady(record, told, begin)
		if p, ok := hopelessIn(record); ok {
			return fmt.Errorf("%s does not start (%s):\n%s", p.Component, p.Reason, lastLines(c.Dir.Log(p.Component)))
		}
		missing := missingIn(record, all)
		if missing == "" {
			return nil
		}
		if err := pause(ctx); err != nil {
			return notInTime(err, missing)
		}
	}
}

// tellReady tells of each component once that it is ready.
func (m *Manager) tellReady(record supervise.Record, told map[string]bool, begin time.Time) {
	for _, p := range record.Processes {
		if p.State == supervise.Ready && !told[p.Component] {
			told[p.Component] = true
			m.Say("%5.1fs  %s ready", time.Since(begin).Seconds(), p.Component)
		}
	}
}

// hopelessIn finds a component that ends again and again.
func hopelessIn(record supervise.Record) (supervise.Process, bool) {
	for _, p := range record.Processes {
		if p.State != supervise.Ready && p.Failures >= hopeless {
			return p, true
		}
	}
	return supervise.Process{}, false
}

// missingIn says what is waited for, empty when there is nothing: the API
// server or, with all, every component.
func missingIn(record supervise.Record, all bool) string {
	if len(record.Processes) == 0 {
		return "the supervisor is starting"
	}
	for _, p := range record.Processes {
		if p.State != supervise.Ready && (all || p.Component == controlplane.APIServer) {
			return describe(p)
		}
	}
	return ""
}

// notInTime says what was missing when the wait ended.
func notInTime(err error, missing string) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; the cluster goes on starting (%s)", missing)
	}
	return fmt.Errorf("not ready in time: %s", missing)
}

// readLive reads the record of a supervisor that must be alive.
func readLive(c *state.Cluster) (supervise.Record, error) {
	record, err := supervise.ReadRecord(c.Dir)
	if err != nil {
		return record, err
	}
	if record.Setup != "" {
		return record, errors.New(record.Setup)
	}
	if record.Supervisor.Alive() {
		return record, nil
	}
	if _, err := os.Stat(string(c.Dir)); errors.Is(err, fs.ErrNotExist) {
		return record, fmt.Errorf("cluster %q was taken down", c.Name)
	}
	return record, fmt.Errorf("the supervisor has ended:\n%s", lastLines(c.Dir.Log(Supervisor)))
}

// describe says what a component waits for.
func describe(p supervise.Process) string {
	if p.Reason == "" {
		return fmt.Sprintf("%s is %s", p.Component, p.State)
	}
	return fmt.Sprintf("%s is %s (%s)", p.Component, p.State, p.Reason)
}

// waitPart waits until a part is ready. It tells whether there was any wait.
func waitPart(ctx context.Context, c *state.Cluster, p component.Part, client kubernetes.Interface) (waited bool, err error) {
	for ; ; waited = true {
		err := p.Ready(ctx, c, client)
		if err == nil {
			return waited, nil
		}
		if end := pause(ctx); end != nil {
			return waited, notInTime(end, p.Name+": "+err.Error())
		}
	}
}

// pause waits for one poll interval.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollEvery):
		return nil
	}
}

// Client gives a client with the cluster's admin credentials.
func Client(c *state.Cluster) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Dir.Kubeconfig("admin"))
	if err != nil {
		return nil, fmt.Errorf("read the admin's kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make the client: %w", err)
	}
	return client, nil
}

// lastLines gives the end of a log file, indented, for an error message.
func lastLines(path string) string {
	const count = 8
	data, err := os.ReadFile(path)
	if err != nil {
		return "  (no log: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(lines) > count {
		lines = lines[len(lines)-count:]
	}
	return "  " + strings.Join(lines, "\n  ")
}
