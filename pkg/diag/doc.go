// Package diag owns diagnostics: what gantry says about its input, where, why,
// and what to do about it.
//
// Every stage of gantry returns (value, diag.List). A Diagnostic carries a
// stable code from the catalogue, the position in the user's file, the
// attribute path, one sentence and a hint. The catalogue is the single source
// of the codes: docs/diagnostics.md is generated from it.
//
// The package imports only the standard library.
package diag
