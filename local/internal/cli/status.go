package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// newStatus makes `status`.
func newStatus(s *session) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the clusters of this user, or the one of --name, with their components",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return usageError{fmt.Errorf("unknown --format %q: use table or json", format)}
			}
			only := ""
			if cmd.Flags().Changed("name") {
				only = s.name
			}
			clusters, err := collect(only)
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(cmd.OutOrStdout(), clusters)
			}
			return printTable(cmd.OutOrStdout(), clusters, time.Now())
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

// clusterStatus is what status tells of one cluster.
type clusterStatus struct {
	Name       string            `json:"name"`
	Nodes      state.Nodes       `json:"nodes"`
	State      string            `json:"state"` // running, starting or stopped
	Reason     string            `json:"reason,omitempty"`
	Server     string            `json:"server"`
	Context    string            `json:"context"`
	Dir        string            `json:"dir"`
	Components []componentStatus `json:"components"`
	// Programs are what components started: those of the container node.
	Programs []programStatus `json:"programs,omitempty"`
	// Sums over all processes, in bytes; 0 where the system does not tell.
	Resident     int64 `json:"resident"`
	Proportional int64 `json:"proportional"`
}

// componentStatus is what status tells of one process.
type componentStatus struct {
	Name         string          `json:"name"`
	State        supervise.State `json:"state"`
	Reason       string          `json:"reason,omitempty"`
	PID          int             `json:"pid,omitempty"`
	Restarts     int             `json:"restarts"`
	Since        time.Time       `json:"since"`
	Resident     int64           `json:"resident"`
	Proportional int64           `json:"proportional"`
}

// programStatus is what status tells of the processes of one program.
type programStatus struct {
	Name         string `json:"name"`
	Processes    int    `json:"processes"`
	Resident     int64  `json:"resident"`
	Proportional int64  `json:"proportional"`
}

// collect gives the status of all clusters, or of the one named.
func collect(only string) ([]clusterStatus, error) {
	store, err := state.Open()
	if err != nil {
		return nil, err
	}
	names, err := store.Names()
	if err != nil {
		return nil, err
	}
	if only != "" {
		names = []string{only}
	}
	out := []clusterStatus{}
	for _, n := range names {
		c, err := store.Load(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		st, err := describe(c)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// describe gives the status of a cluster from its record and its processes.
func describe(c *state.Cluster) (clusterStatus, error) {
	record, err := supervise.ReadRecord(c.Dir)
	if err != nil {
		return clusterStatus{}, err
	}
	st := clusterStatus{
		Name: c.Name, Nodes: c.Nodes, Server: pki.Server(c), Context: c.Context(), Dir: string(c.Dir),
		Reason: record.Setup, State: "stopped",
	}
	if record.Supervisor.Alive() {
		st.State = "starting"
		if record.AllReady() {
			st.State = "running"
		}
	}
	st.add(supervise.Process{Component: "supervisor", State: supervise.Ready, Identity: record.Supervisor})
	for _, p := range record.Processes {
		st.add(p)
	}
	strays, err := supervise.Strays(string(c.Dir))
	if err != nil {
		return clusterStatus{}, err
	}
	for _, id := range strays {
		st.addProgram(id)
	}
	slices.SortFunc(st.Programs, func(a, b programStatus) int { return cmp.Compare(a.Name, b.Name) })
	return st, nil
}

// addProgram adds a process that a component started, unless it is one itself.
func (st *clusterStatus) addProgram(id supervise.Identity) {
	if slices.ContainsFunc(st.Components, func(c componentStatus) bool { return c.PID == id.PID }) {
		return
	}
	name := supervise.Program(id.PID)
	if name == "" {
		return // it ended
	}
	i := slices.IndexFunc(st.Programs, func(p programStatus) bool { return p.Name == name })
	if i < 0 {
		i = len(st.Programs)
		st.Programs = append(st.Programs, programStatus{Name: name})
	}
	resident, proportional, err := supervise.Resident(id.PID)
	if err != nil {
		return // it ended
	}
	p := &st.Programs[i]
	p.Processes++
	p.Resident += resident
	p.Proportional += proportional
	st.Resident += resident
	st.Proportional += proportional
}

// add adds a process. What the record says of one that is gone no longer holds.
func (st *clusterStatus) add(p supervise.Process) {
	row := componentStatus{
		Name: p.Component, State: p.State, Reason: p.Reason, Restarts: p.Restarts, Since: p.Since,
	}
	if p.Alive() {
		row.PID = p.PID
		// Where memory is not told, there is nothing to show.
		row.Resident, row.Proportional, _ = supervise.Resident(p.PID)
	} else if st.State == "stopped" {
		row.State = supervise.Stopped
	}
	st.Resident += row.Resident
	st.Proportional += row.Proportional
	st.Components = append(st.Components, row)
}

// printJSON prints the clusters as one JSON list.
func printJSON(w io.Writer, clusters []clusterStatus) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(clusters)
}

// printTable prints a heading and a table for each cluster.
func printTable(w io.Writer, clusters []clusterStatus, now time.Time) error {
	if len(clusters) == 0 {
		_, err := fmt.Fprintln(w, "no cluster: make one with `gantry local up`")
		return err
	}
	for i, c := range clusters {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s  %s nodes  %s  context %s\n", c.Name, c.State, c.Nodes, c.Server, c.Context)
		if c.Reason != "" {
			fmt.Fprintf(w, "  %s\n", c.Reason)
		}
		if err := printComponents(w, c, now); err != nil {
			return err
		}
	}
	return nil
}

// printComponents prints the processes of a cluster.
func printComponents(w io.Writer, c clusterStatus, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COMPONENT\tSTATE\tPID\tRESTARTS\tMEMORY\tSINCE\tREASON")
	for _, p := range c.Components {
		pid, since := "-", "-"
		if p.PID != 0 {
			pid = fmt.Sprint(p.PID)
		}
		if !p.Since.IsZero() {
			since = now.Sub(p.Since).Round(time.Second).String()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", p.Name, p.State, pid, p.Restarts, mebibytes(p.Resident), since, p.Reason)
	}
	for _, p := range c.Programs {
		fmt.Fprintf(t, "- %s\t%d running\t\t\t%s\n", p.Name, p.Processes, mebibytes(p.Resident))
	}
	if err := t.Flush(); err != nil || c.Resident == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "memory: %s, %s with the pages that processes share counted once\n",
		mebibytes(c.Resident), mebibytes(c.Proportional))
	return err
}

// mebibytes writes an amount of memory.
func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
