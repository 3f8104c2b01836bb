// Package build owns the building of images: it turns the `build` of each
// service (Compose Build Specification) into a command of the image builder
// that the user has (docker buildx, podman, buildah or nerdctl), runs it, pushes
// what came of it or saves it as an archive, and remembers the result, so that
// the rendered workloads name exactly what was built.
//
// The way: services with a build -> jobs (one command each, in the order of
// `additional_contexts: service:X`) -> images -> the record of the project.
// Every key below `build` is a row of one table that says how each tool spells
// it, or that it cannot.
//
// It may import pkg/compose, compose-go's types, pkg/image and pkg/diag. It knows nothing
// of Kubernetes.
package build
