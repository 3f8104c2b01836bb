// Package params owns the ecs-params file: the complete schema of ecs-cli's
// ecs-params.yml and gantry's `kubernetes:` block, read strictly and with
// positions.
//
// It may import yaml.v3, pkg/diag and the standard library. It knows the
// names that Kubernetes uses but none of its types; pkg/render gives the
// values their meaning.
package params
