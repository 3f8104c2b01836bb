// Package layout owns no code: its tests hold the rules of the source tree,
// which are written down in CONTRIBUTING.md. They read the files of the main
// and the nested module.
package layout
