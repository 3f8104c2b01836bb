// Command gantry-local runs a Kubernetes cluster on this machine.
package main

import (
	"os"

	"github.com/gantry-dev/gantry/local/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
