package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// newLogs makes `logs`.
func newLogs(s *session) *cobra.Command {
	var follow bool
	var tail int
	cmd := &cobra.Command{
		Use:   "logs [COMPONENT]",
		Short: "Print the logs of the cluster's components, or of one",
		Args:  usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.cluster()
			if err != nil {
				return err
			}
			names, err := logNames(c.Dir, args)
			if err != nil {
				return err
			}
			return printLogs(cmd.Context(), cmd.OutOrStdout(), openTails(c.Dir, names), tail, follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what is written from now on")
	cmd.Flags().IntVar(&tail, "tail", -1, "print the last lines only, this many of each component; -1 prints all")
	return cmd
}

// logNames gives the components that have a log, sorted, or the one asked for.
func logNames(dir state.Dir, args []string) ([]string, error) {
	paths, err := filepath.Glob(dir.Log("*"))
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".log"))
	}
	slices.Sort(names)
	if len(args) == 0 {
		return names, nil
	}
	if !slices.Contains(names, args[0]) {
		return nil, usageError{fmt.Errorf("no component %q has a log; there are %s", args[0], strings.Join(names, ", "))}
	}
	return args, nil
}

// tailer reads a log file from where it stopped last.
type tailer struct {
	path   string
	prefix string // before every line
	offset int64
	rest   []byte // of a line that is not complete
}

// openTails gives a tailer for each component, with the name before its lines
// when there are several.
func openTails(dir state.Dir, names []string) []*tailer {
	var out []*tailer
	for _, n := range names {
		t := &tailer{path: dir.Log(n)}
		if len(names) > 1 {
			t.prefix = n + " | "
		}
		out = append(out, t)
	}
	return out
}

// followEvery is how often followed logs are looked at.
const followEvery = 200 * time.Millisecond

// printLogs prints the last lines of the logs, and with follow what comes.
func printLogs(ctx context.Context, w io.Writer, tails []*tailer, last int, follow bool) error {
	for _, t := range tails {
		lines, err := t.lines(!follow)
		if err != nil {
			return err
		}
		if last >= 0 && len(lines) > last {
			lines = lines[len(lines)-last:]
		}
		if err := t.print(w, lines); err != nil {
			return err
		}
	}
	for follow {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
		for _, t := range tails {
			lines, err := t.lines(false)
			if errors.Is(err, os.ErrNotExist) {
				return nil // the cluster was taken down
			}
			if err := errors.Join(err, t.print(w, lines)); err != nil {
				return err
			}
		}
	}
	return nil
}

// print writes lines with the prefix.
func (t *tailer) print(w io.Writer, lines []string) error {
	out := bufio.NewWriter(w)
	for _, l := range lines {
		fmt.Fprintf(out, "%s%s\n", t.prefix, l)
	}
	return out.Flush()
}

// lines gives the lines that were added since the last call; with all also one
// that is not complete. A file that got shorter was cut: it is read anew.
func (t *tailer) lines(all bool) ([]string, error) {
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < t.offset {
		t.offset, t.rest = 0, nil
	}
	data, err := io.ReadAll(io.NewSectionReader(f, t.offset, 1<<62))
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	t.offset += int64(len(data))
	data = append(t.rest, data...)
	end := bytes.LastIndexByte(data, '\n') + 1
	if all {
		end = len(data)
	}
	t.rest = slices.Clone(data[end:])
	if end == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(data[:end]), "\n"), "\n"), nil
}
