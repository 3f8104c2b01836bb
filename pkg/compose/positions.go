package compose

import "github.com/gantry-dev/gantry/pkg/diag"

// positions maps attribute paths to the places in the input files that set them.
type positions struct{}

func (*positions) nearest(path []string) diag.Pos { return diag.Pos{} }

func (*positions) has(path []string) bool { return false }
