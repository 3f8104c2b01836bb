package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Gantry returns the path of gantry: the given one, or one that is built from
// the source in the working directory into dir.
func Gantry(ctx context.Context, given, dir string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(dir, "gantry")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/gantry-dev/gantry/cmd/gantry")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build gantry: %w\n%s", err, out)
	}
	return path, nil
}

// Machine says what the figures were taken on, and how busy it was, in a line.
func Machine() string {
	line := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		line += ", load " + strings.Join(strings.Fields(string(load))[:2], " ")
	}
	return line
}

// Missing returns a line for every command whose program is missing.
func Missing(commands ...Command) string {
	var b strings.Builder
	for _, c := range commands {
		if c.Missing() {
			fmt.Fprintf(&b, "%s is not on PATH: its columns are empty.\n", c.Name)
		}
	}
	return b.String()
}
