//go:build !unix

package cli

import (
	"context"
	"errors"
	"os/exec"
)

// runProgram runs the program on gantry's own streams and returns its exit code.
func (f *Factory) runProgram(_ context.Context, path string, args []string) (int, error) {
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f.UI.In, f.UI.Out, f.UI.Err
	cmd.Env, cmd.Dir = f.Environ, f.Dir
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
