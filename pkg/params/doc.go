// Package params owns the ecs-params file: the complete schema of ecs-cli's
// ecs-params.yml and gantry's `kubernetes:` block, read strictly and with
// positions.
//
// Load reads a file into Params. The schema is one set of tables, a row a key
// (task.go, service.go, run.go, kubernetes.go): the reader, the unknown-key
// check and the reference of the file (Keys) all work from them. What needs
// two keys or the Compose file to judge stands in check.go. Every key is
// either held in Params for pkg/render to map, or reported with the reason why
// Kubernetes has no use for it; none is dropped in silence.
//
// It may import yaml.v3, pkg/diag and the standard library. It knows the
// names that Kubernetes uses but none of its types; pkg/render gives the
// values their meaning.
package params
