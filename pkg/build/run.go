package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stopTime is how long a tool may take to clean up after an interrupt.
const stopTime = 10 * time.Second

// Error is a failed command of a builder.
type Error struct {
	Service, Tool, Doing string
	// Last is what it said at its end.
	Last string
	err  error
}

// Error says what failed, in the tool's own words.
func (e *Error) Error() string {
	return fmt.Sprintf("service %s: %s %s: %s", e.Service, e.Tool, e.Doing, e.Last)
}

// Unwrap returns how the program ended.
func (e *Error) Unwrap() error { return e.err }

// Run builds the image and returns its ID ("" for several platforms). What the
// tool says goes to out.
func (j Job) Run(ctx context.Context, out io.Writer) (id string, err error) {
	dir, err := os.MkdirTemp("", "gantry-build-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the build of %s: %w", j.Service, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args, err := j.command(dir)
	if err != nil {
		return "", err
	}
	if j.Several && j.tool.dialect.manifest {
		// A manifest list of an earlier build would grow; mostly there is none.
		_ = j.tool.run(ctx, j.Service, "manifest rm", []string{"manifest", "rm", j.Image}, nil, io.Discard)
	}
	if err := j.tool.run(ctx, j.Service, "build", args, j.env, out); err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(dir, idFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), err
}

const idFile = "image-id"

// command writes the files that the build needs into dir and returns the
// arguments of the tool.
func (j Job) command(dir string) ([]string, error) {
	args := append([]string{}, j.tool.dialect.build...)
	switch {
	case j.Several && j.tool.dialect.manifest:
		args = append(args, "--manifest", j.Image)
	case j.Several && j.tool.dialect.buildPush != nil:
		args = append(append([]string{}, j.tool.dialect.buildPush...), "-t", j.Image)
	default:
		args = append(args, "-t", j.Image, "--iidfile", filepath.Join(dir, idFile))
	}
	args = append(args, j.flags...)
	if j.inline != "" {
		file := filepath.Join(dir, "Dockerfile")
		if err := os.WriteFile(file, []byte(j.inline), 0o600); err != nil {
			return nil, fmt.Errorf("write dockerfile_inline of %s: %w", j.Service, err)
		}
		args = append(args, "-f", file)
	}
	for i, s := range j.secrets {
		file, err := s.path(dir, i)
		if err != nil {
			return nil, fmt.Errorf("build secret %s of %s: %w", s.id, j.Service, err)
		}
		args = append(args, "--secret", "id="+s.id+",src="+file)
	}
	return append(args, j.context), nil
}

// path returns the file with the secret, which is made where there is none.
func (s secret) path(dir string, i int) (string, error) {
	if s.file != "" {
		return s.file, nil
	}
	file := filepath.Join(dir, fmt.Sprintf("secret-%d", i))
	return file, os.WriteFile(file, []byte(s.value), 0o600)
}

// Pushed reports whether Run pushes the image by itself: docker does so with
// images of several platforms, which its own store cannot hold.
func (j Job) Pushed() bool { return j.Several && j.tool.dialect.buildPush != nil }

// Push pushes the image under its name.
func (j Job) Push(ctx context.Context, out io.Writer) error {
	return j.tool.run(ctx, j.Service, "push", j.tool.dialect.push(j.Image, j.Several), nil, out)
}

// Save writes the image into an archive (docker save's format) under a further name.
func (j Job) Save(ctx context.Context, name, file string, out io.Writer) error {
	for _, args := range j.tool.dialect.save(j.Image, name, file) {
		if err := j.tool.run(ctx, j.Service, args[0], args, nil, out); err != nil {
			return err
		}
	}
	return nil
}

// run runs the tool; what it says goes to out, its last line into the error.
func (t Tool) run(ctx context.Context, service, doing string, args, env []string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, t.Program, args...)
	cmd.Env = append(append([]string{}, t.Environ...), env...)
	last := &tail{}
	both := io.MultiWriter(out, last) // one writer, so that the lines keep their order
	cmd.Stdout, cmd.Stderr = both, both
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return &Error{Service: service, Tool: t.Name, Doing: doing, Last: lastLine(last.String(), err), err: err}
	}
}

// tail keeps the end of what is written to it.
type tail struct{ data []byte }

const tailSize = 4 << 10

// Write keeps the last bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if len(t.data) > tailSize {
		t.data = t.data[len(t.data)-tailSize:]
	}
	return len(p), nil
}

// String returns what was kept.
func (t *tail) String() string { return string(t.data) }
