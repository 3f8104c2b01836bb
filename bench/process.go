package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Command is a program to measure.
type Command struct {
	// Name is what the tables call it.
	Name string
	// Path of the program; "" for one that is missing.
	Path string
	Args []string
	Dir  string
	// Env is added to the environment.
	Env []string
	// Output is the file that takes stdout; "" throws it away.
	Output string
}

// Peer is a command of a program on PATH; its Path is "" where there is none.
// The process does not find itself on PATH: kompose asks the one there for its
// version once per object, which takes longer than all its work.
func Peer(program string, args ...string) Command {
	path, err := exec.LookPath(program)
	if err != nil {
		return Command{Name: program, Args: args}
	}
	return Command{Name: program, Path: path, Args: args, Env: []string{"PATH=" + pathWithout(program)}}
}

// pathWithout is PATH without the folders that have the program.
func pathWithout(program string) string {
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, program))
		return err == nil
	}
	return strings.Join(slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), has), string(filepath.ListSeparator))
}

// Missing reports whether there is no such program.
func (c Command) Missing() bool { return c.Path == "" }

// Sample is what one run of a process took.
type Sample struct {
	Wall, CPU time.Duration
	// Peak is the most memory that was resident, in bytes.
	Peak int64
}

// Run runs a command once. The error has the end of what it said on stderr.
func Run(ctx context.Context, c Command) (Sample, error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	var complaint tail
	cmd.Stderr = &complaint
	if c.Output != "" {
		out, err := os.Create(c.Output)
		if err != nil {
			return Sample{}, err
		}
		defer out.Close()
		cmd.Stdout = out
	}
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return Sample{}, fmt.Errorf("%s %s: %w\n%s", c.Path, strings.Join(c.Args, " "), err, complaint)
	}
	state := cmd.ProcessState
	return Sample{Wall: wall, CPU: state.UserTime() + state.SystemTime(), Peak: peak(state)}, nil
}

// tail keeps the last part of what is written to it.
type tail []byte

// Write keeps the end of the text.
func (t *tail) Write(p []byte) (int, error) {
	const kept = 4096
	*t = append(*t, p...)
	if over := len(*t) - kept; over > 0 {
		*t = append((*t)[:0], (*t)[over:]...)
	}
	return len(p), nil
}

// InTurns runs the commands one after the other, rounds times over, after one
// round that does not count and fills the caches. Missing ones have no samples.
func InTurns(ctx context.Context, rounds int, commands ...Command) ([]Series, error) {
	out := make([]Series, len(commands))
	for round := range rounds + 1 {
		for i, c := range commands {
			if c.Missing() {
				continue
			}
			s, err := Run(ctx, c)
			if err != nil {
				return nil, errors.Join(err, ctx.Err())
			}
			if round > 0 {
				out[i] = append(out[i], s)
			}
		}
	}
	return out, nil
}
