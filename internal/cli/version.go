package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what `go build -ldflags "-X …/internal/cli.version=v1.2.3"` sets;
// without it, the module's version or the commit is shown.
var version = ""

type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

type versionOptions struct {
	f      *Factory
	format string
	short  bool
}

// NewCmdVersion returns `gantry version`.
func NewCmdVersion(f *Factory) *cobra.Command {
	o := &versionOptions{f: f}
	cmd := &cobra.Command{
		Use:     "version [--short] [--format FORMAT]",
		Short:   "Print gantry's version",
		Example: "  gantry version --short\n  gantry version --format json",
		Args:    noArgs,
	}
	cmd.Flags().BoolVar(&o.short, "short", false, "print the number alone")
	formatVar(cmd.Flags(), &o.format)
	return f.plainVerb(cmd, o.run)
}

func (o *versionOptions) run(context.Context, []string) error {
	info := buildInfo()
	switch {
	case o.short:
		_, err := fmt.Fprintln(o.f.UI.Out, info.Version)
		return err
	case o.format == "" || o.format == "table":
		_, err := fmt.Fprintf(o.f.UI.Out, "gantry version %s, %s, %s\n", info.Version, info.Go, info.Platform)
		return err
	default:
		return writeOne(o.f.UI.Out, o.format, info)
	}
}

func buildInfo() versionInfo {
	info := versionInfo{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	for _, setting := range build.Settings {
		if setting.Key == "vcs.revision" {
			info.Commit = setting.Value
		}
	}
	if info.Version == "" {
		info.Version = build.Main.Version
	}
	return info
}
