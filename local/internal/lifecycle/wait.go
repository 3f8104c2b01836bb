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
		if err := waitPart(ctx, c, p, client); err != nil {
			return err
		}
		m.Say("%5.1fs  %s ready", time.Since(begin).Seconds(), p.Name)
	}
	return nil
}

// waitProcesses waits for the components that are wanted, telling of each.
func (m *Manager) waitProcesses(ctx context.Context, c *state.Cluster, all bool, begin time.Time) error {
	told := map[string]bool{}
	for {
		record, err := readLive(c)
		if err != nil {
			return err
		}
		missing := ""
		for _, p := range record.Processes {
			switch {
			case p.State == supervise.Ready && !told[p.Component]:
				told[p.Component] = true
				m.Say("%5.1fs  %s ready", time.Since(begin).Seconds(), p.Component)
			case p.State != supervise.Ready && p.Restarts >= hopeless:
				return fmt.Errorf("%s does not start (%s):\n%s", p.Component, p.Reason, lastLines(c.Dir.Log(p.Component)))
			case p.State != supervise.Ready && (all || p.Component == controlplane.APIServer):
				missing = describe(p)
			}
		}
		if missing == "" && len(record.Processes) > 0 {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("not ready in time: %s", missing)
		}
	}
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

// waitPart waits until a part is ready.
func waitPart(ctx context.Context, c *state.Cluster, p component.Part, client kubernetes.Interface) error {
	for {
		err := p.Ready(ctx, c, client)
		if err == nil {
			return nil
		}
		if pause(ctx) != nil {
			return fmt.Errorf("%s is not ready in time: %w", p.Name, err)
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
