package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

const localProgram = "gantry-local"

type localOptions struct{ f *Factory }

// NewCmdLocal returns `gantry local`, which hands everything to the program
// gantry-local: the embedded Kubernetes is a module of its own.
func NewCmdLocal(f *Factory) *cobra.Command {
	o := &localOptions{f}
	return &cobra.Command{
		Use:   "local COMMAND",
		Short: "A Kubernetes on this machine (runs gantry-local)",
		Example: `  gantry local up --wait
  gantry local status
  gantry local load image.tar
  gantry local kubectl get pods
  gantry local down`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.running = true
			return o.run(cmd.Context(), args)
		},
	}
}

func (o *localOptions) run(ctx context.Context, args []string) error {
	path, err := o.find()
	if err != nil {
		return err
	}
	code, err := o.f.RunProgram(ctx, path, args)
	if err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

// find looks for gantry-local beside gantry itself, then on PATH.
func (o *localOptions) find() (string, error) {
	name := localProgram
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := o.f.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return beside, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", &hinted{
		err:  fmt.Errorf("%s is neither beside gantry nor on PATH", localProgram),
		hint: "build it in gantry's source tree: cd local && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o ../bin/gantry-local ./cmd/gantry-local",
	}
}
