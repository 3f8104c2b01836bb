package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
)

// command is one of gantry's programs against the cluster under test.
func command(r Runner, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(r.Bin, program), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+r.Kubeconfig)
	return cmd
}
