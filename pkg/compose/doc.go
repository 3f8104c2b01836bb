// Package compose owns the reading of Compose files: it loads files of Compose
// version 1, 2, 3 and of the Compose Specification through compose-go and
// returns a Project, which is compose-go's model plus a position for every
// attribute of the input.
//
// compose-go says what a file means; this package says where it stands and
// turns every refusal or remark of the loader into a diagnostic (GTY0xx). The
// way of a load: inputs (which files, which environment) -> documents (YAML
// nodes, version 1 lifted) -> compose-go -> Project. Only when compose-go
// refuses are the documents examined in depth, so that all faults are told at
// once and with their places, while a good file costs nothing extra.
//
// It may import compose-go, the YAML and JSON schema libraries that compose-go
// uses, yaml.v3 and pkg/diag. It knows nothing of Kubernetes.
package compose
