// Package overlay owns the user's kustomization: it builds it over a rendered
// Set, in memory, as if the rendered objects were one more file in its
// resources.
//
// Build runs kustomize itself, so that generators, patches, images, replicas,
// components and all the rest have kustomize's own meaning and the output is
// what `kubectl kustomize` gives for the same input. The user's files are read
// and never written. What is known of the rendered objects (service, place in
// the Compose file, secrecy) is carried through the build by a mark on each
// object that is taken off at the end; renames reach the Set's services, ports
// and requirements.
//
// kustomize compares every object with every other, which takes minutes for
// thousands. Where a kustomization can be seen to touch only few of the
// rendered objects, split.go keeps the others out of the comparison.
//
// It may import kustomize/api, kyaml, yaml.v3, apimachinery, pkg/render and
// pkg/diag; it reads files below the kustomization, and what kustomize itself
// fetches for it.
package overlay
