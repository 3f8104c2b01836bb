// Package examples owns applications to try: each folder has a Compose file, an
// ecs-params file, a kustomization where it needs one, and expected/, the
// manifests that gantry renders of it. The test of the package compares them.
package examples
