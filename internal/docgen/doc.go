// Package docgen owns the references under docs/ that are generated from the
// code: the diagnostics, the support of Compose attributes, the keys of
// ecs-params.yml, and the command line. A test fails when the committed pages differ from the code.
//
// It may import internal/cli, pkg/diag, pkg/params and pkg/render.
package docgen

//go:generate go run ./cmd -dir ../../docs
