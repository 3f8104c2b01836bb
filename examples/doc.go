// Package examples owns applications to try: each folder has a Compose file, an
// ecs-params file and a kustomization as far as it needs them, or a kustomization
// alone, and expected/, the manifests that gantry makes of it. The test of the
// package compares them.
package examples
