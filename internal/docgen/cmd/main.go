// Command cmd writes the generated references.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/gantry-dev/gantry/internal/docgen"
)

func main() {
	dir := flag.String("dir", "docs", "folder to write to")
	flag.Parse()
	if err := docgen.Write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
