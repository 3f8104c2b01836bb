package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// Factory gives the verbs what they share: the printer, the environment, the
// values of the flag groups, and ways to the configuration and the cluster
// that cost nothing until they are asked.
type Factory struct {
	UI      *ui.Printer
	Environ []string
	Dir     string

	Project projectFlags
	Cluster clusterFlags
	Display displayFlags

	// Connect makes a client; tests replace it.
	Connect func(cluster.Config) (*cluster.Client, error)
	// RunProgram runs another program on gantry's own streams and returns its
	// exit code.
	RunProgram func(ctx context.Context, path string, args []string) (int, error)
	// Executable returns the path of the running program.
	Executable func() (string, error)
	Now        func() time.Time
	// stdin returns all of standard input, which is read once.
	stdin func() ([]byte, error)

	projectSet, clusterSet, displaySet flagSet
	ignored                            []*ignoredValue

	// running says that the command line was understood and a command is at work.
	running bool
	// announceStop says that Ctrl-C is answered with a message.
	announceStop atomic.Bool
}

// NewFactory returns the factory of a process.
func NewFactory(p Process) *Factory {
	f := &Factory{
		UI: ui.NewPrinter(p.Streams), Environ: p.Environ, Dir: p.Dir,
		Connect:    cluster.Connect,
		Executable: os.Executable,
		Now:        time.Now,
	}
	f.RunProgram = f.runProgram
	f.stdin = sync.OnceValues(func() ([]byte, error) { return io.ReadAll(f.UI.In) })
	f.bindGroups()
	return f
}

// LookupEnv returns a variable of the environment; the last of several wins.
func (f *Factory) LookupEnv(name string) (string, bool) {
	value, ok := "", false
	for _, entry := range f.Environ {
		if key, v, _ := strings.Cut(entry, "="); key == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// Getenv returns a variable of the environment, "" when it is not set.
func (f *Factory) Getenv(name string) string {
	value, _ := f.LookupEnv(name)
	return value
}

// config reads gantry's configuration file.
func (f *Factory) config() (*config.File, error) {
	path, err := config.DefaultPath(f.Getenv)
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// replay reads standard input from its beginning: the Compose file of -f - is
// read by several stages. Nothing is read before one of them asks.
type replay struct {
	read func() ([]byte, error)
	rest *bytes.Reader
}

// Read returns the next bytes.
func (r *replay) Read(p []byte) (int, error) {
	if r.rest == nil {
		data, err := r.read()
		if err != nil {
			return 0, err
		}
		r.rest = bytes.NewReader(data)
	}
	return r.rest.Read(p)
}
