// Command gantry runs Docker Compose applications on Kubernetes.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/gantry-dev/gantry/internal/cli"
	_ "github.com/gantry-dev/gantry/internal/heap" // paces collections from the start
	"github.com/gantry-dev/gantry/internal/ui"
)

func main() {
	// What client-go has to say about connections is for its developers; gantry
	// tells of them itself.
	klog.SetLogger(logr.Discard())
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: the working directory cannot be read:", err)
		os.Exit(1)
	}
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args: os.Args[1:], Streams: ui.System(os.Getenv), Environ: os.Environ(), Dir: dir, Exit: os.Exit,
	}))
}
