package build

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Tool is an image builder of this machine.
type Tool struct {
	// Name is docker, podman, buildah or nerdctl.
	Name string
	// Program is the path of its executable.
	Program string
	// Environ is what it runs with.
	Environ []string

	dialect dialect
}

// Tools returns the names of the builders that are known, the preferred one first.
func Tools() []string {
	var names []string
	for _, d := range dialects() {
		names = append(names, d.name)
	}
	return names
}

// Finder looks for programs; exec.LookPath is one.
type Finder func(name string) (string, error)

// NoToolError says why no image builder can be used.
type NoToolError struct {
	// Wanted is the one that was asked for; "" for any.
	Wanted string
	// Reasons are one for each builder that was tried.
	Reasons []string
}

// Error lists what was tried.
func (e *NoToolError) Error() string {
	if e.Wanted != "" {
		return fmt.Sprintf("%s cannot build images here: %s", e.Wanted, strings.Join(e.Reasons, "; "))
	}
	return "no image builder can be used: " + strings.Join(e.Reasons, "; ")
}

// Detect returns the builder with that name, or for "" the first that answers:
// a docker without a daemon, for example, is passed over.
func Detect(ctx context.Context, wanted string, find Finder, environ []string) (Tool, error) {
	missing := &NoToolError{Wanted: wanted}
	for _, d := range dialects() {
		if wanted != "" && wanted != d.name {
			continue
		}
		program, err := find(d.name)
		if err != nil {
			missing.Reasons = append(missing.Reasons, d.name+" is not on PATH")
			continue
		}
		tool := Tool{Name: d.name, Program: program, Environ: environ, dialect: d}
		if err := tool.answers(ctx); err != nil {
			missing.Reasons = append(missing.Reasons, err.Error())
			continue
		}
		return tool, nil
	}
	return Tool{}, missing
}

// answers runs the tool's probes.
func (t Tool) answers(ctx context.Context) error {
	for _, probe := range t.dialect.probes {
		cmd := exec.CommandContext(ctx, t.Program, probe...)
		cmd.Env = t.Environ
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %s", t.Name, strings.Join(probe, " "), lastLine(string(out), err))
		}
	}
	return nil
}

// lastLine returns what a program said at its end, or how it ended.
func lastLine(out string, err error) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return err.Error()
}
