// Package config owns gantry's own configuration file: the named targets, each
// a Kubernetes context and namespace under a short name, and which of them is
// the default. It is what ~/.ecs/config was to ecs-cli.
//
// The file is read and written through yaml.v3 nodes, so that comments and keys
// of other tools survive. It may import yaml.v3 and the standard library.
package config
