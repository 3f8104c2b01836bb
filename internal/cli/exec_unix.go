//go:build unix

package cli

import (
	"context"
	"syscall"
)

// runProgram replaces gantry by the program, so that terminal, signals and exit
// code are its own. It returns only when that fails.
func (f *Factory) runProgram(_ context.Context, path string, args []string) (int, error) {
	return 0, syscall.Exec(path, append([]string{path}, args...), f.Environ)
}
