package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/containers"
	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
	"github.com/gantry-dev/gantry/local/internal/userfiles"
)

// Manager makes and removes clusters.
type Manager struct {
	Store *state.Store
	Parts []component.Part // of all kinds of nodes
	// Program is the path of this program, of which components are processes.
	Program string
	// Say tells the user one line of progress.
	Say func(format string, args ...any)
}

// UpOptions are the choices of up.
type UpOptions struct {
	Name  string
	Nodes state.Nodes // empty: those the cluster has, simulated for a new one
	// Wait waits for all of the cluster; otherwise the API server is enough.
	Wait bool
}

// Up makes the named cluster, or starts what is missing of it, and waits until
// it can be used. ctx bounds the whole.
func (m *Manager) Up(ctx context.Context, o UpOptions) (*state.Cluster, error) {
	if err := state.CheckName(o.Name); err != nil {
		return nil, err
	}
	begin := time.Now()
	c, err := m.start(ctx, o)
	if err != nil {
		return nil, err
	}
	return c, m.wait(ctx, c, o.Wait, begin)
}

// start does what needs to be alone at work on the cluster.
func (m *Manager) start(ctx context.Context, o UpOptions) (*state.Cluster, error) {
	lock, err := m.Store.LockCluster(ctx, o.Name, m.sayWaiting(o.Name))
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // the end of the process would do it, too
	c, err := m.ensure(ctx, o)
	if err != nil {
		return nil, err
	}
	record, err := supervise.ReadRecord(c.Dir)
	if err == nil && record.Setup == "" && record.Supervisor.Alive() {
		m.Say("cluster %q is already running", c.Name)
	} else if err := m.startSupervisor(c, record); err != nil {
		return nil, err
	}
	return c, m.mergeUserFiles(ctx, c)
}

// sayWaiting tells that another process is at work.
func (m *Manager) sayWaiting(name string) func() {
	return func() { m.Say("waiting for another gantry-local that is at work on cluster %q", name) }
}

// ensure gives the cluster as it is stored, or makes a new one.
func (m *Manager) ensure(ctx context.Context, o UpOptions) (*state.Cluster, error) {
	c, err := m.Store.Load(o.Name)
	if err == nil {
		if o.Nodes != "" && o.Nodes != c.Nodes {
			return nil, fmt.Errorf("cluster %q has %s nodes: take it down first, or give another --name", c.Name, c.Nodes)
		}
		return c, m.check(ctx, c.Nodes)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (gantry local down removes what is left of it)", err)
	}
	nodes := o.Nodes
	if nodes == "" {
		nodes = state.NodesSimulated
	}
	if err := m.check(ctx, nodes); err != nil {
		return nil, err
	}
	lock, err := m.Store.LockStore(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // the end of the process would do it, too
	return m.create(o.Name, nodes)
}

// create makes a cluster; the store is locked.
func (m *Manager) create(name string, nodes state.Nodes) (*state.Cluster, error) {
	var ports []string
	for _, c := range component.All(component.For(m.Parts, nodes)) {
		ports = append(ports, c.Ports...)
	}
	c, err := m.Store.New(name, nodes, ports, containers.RangeFree)
	if err != nil {
		return nil, err
	}
	m.Say("creating cluster %q with %s nodes", name, nodes)
	return c, nil
}

// check asks all parts whether the machine has what they need.
func (m *Manager) check(ctx context.Context, nodes state.Nodes) error {
	var errs []error
	for _, p := range component.For(m.Parts, nodes) {
		if p.Check != nil {
			errs = append(errs, p.Check(ctx, nodes))
		}
	}
	return errors.Join(errs...)
}

// startSupervisor ends what an earlier supervisor left and starts a new one.
// It returns when that one has recorded itself.
func (m *Manager) startSupervisor(c *state.Cluster, old supervise.Record) error {
	if err := endProcesses(c.Dir, old); err != nil {
		return err
	}
	if err := pki.Ensure(c); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir.Logs(), 0o700); err != nil {
		return fmt.Errorf("make the log folder: %w", err)
	}
	log, err := os.OpenFile(c.Dir.Log(Supervisor), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the supervisor's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(m.Program, "supervise", c.Name)
	cmd.Dir = m.Store.Root
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), supervise.DirVariable+"="+string(c.Dir))
	supervise.Detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	return awaitRecord(c, cmd)
}

// Supervisor is the name of the supervisor's log.
const Supervisor = "supervisor"

// supervisorStart is how long the supervisor may take to record itself.
const supervisorStart = 30 * time.Second

// awaitRecord waits until a supervisor has recorded itself, so that whoever
// comes next knows of it.
func awaitRecord(c *state.Cluster, cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(supervisorStart)
	for {
		record, err := supervise.ReadRecord(c.Dir)
		if err == nil && record.Supervisor.PID == cmd.Process.Pid {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the supervisor ended (%s):\n%s", ending(err), lastLines(c.Dir.Log(Supervisor)))
		case <-deadline:
			return fmt.Errorf("the supervisor did not start within %s:\n%s", supervisorStart, lastLines(c.Dir.Log(Supervisor)))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ending says how a process ended.
func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// mergeUserFiles adds the cluster to the kubeconfig and to gantry's
// configuration. Their paths are stored first: what is written must be known to
// down. A file that cannot be changed is told and does no more harm.
func (m *Manager) mergeUserFiles(ctx context.Context, c *state.Cluster) error {
	lock, err := m.Store.LockStore(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // the end of the process would do it, too
	if c.Kubeconfig == "" {
		if c.Kubeconfig, err = userfiles.KubeconfigPath(); err != nil {
			return err
		}
		if c.Config, err = userfiles.ConfigPath(); err != nil {
			return err
		}
		if err := m.Store.Save(c); err != nil {
			return err
		}
	}
	if err := userfiles.MergeKubeconfig(c); err != nil {
		m.Say("warning: context %s was not added: %v", c.Context(), err)
	}
	if err := userfiles.MergeTarget(c); err != nil {
		m.Say("warning: target %s was not added: %v", c.Target(), err)
	}
	return nil
}
