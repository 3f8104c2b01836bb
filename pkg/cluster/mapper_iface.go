package cluster

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The methods of meta.RESTMapper, which has no contexts: a discovery that one
// of them needs is bounded by discoveryTimeout.
var _ meta.ResettableRESTMapper = (*mapper)(nil)

func askUnbound[T any](m *mapper, question func(meta.RESTMapper) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTimeout)
	defer cancel()
	return ask(ctx, m, question)
}

// KindFor implements meta.RESTMapper.
func (m *mapper) KindFor(r schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return askUnbound(m, func(k meta.RESTMapper) (schema.GroupVersionKind, error) { return k.KindFor(r) })
}

// KindsFor implements meta.RESTMapper.
func (m *mapper) KindsFor(r schema.GroupVersionResource) ([]schema.GroupVersionKind, error) {
	return askUnbound(m, func(k meta.RESTMapper) ([]schema.GroupVersionKind, error) { return k.KindsFor(r) })
}

// ResourceFor implements meta.RESTMapper.
func (m *mapper) ResourceFor(r schema.GroupVersionResource) (schema.GroupVersionResource, error) {
	return askUnbound(m, func(k meta.RESTMapper) (schema.GroupVersionResource, error) { return k.ResourceFor(r) })
}

// ResourcesFor implements meta.RESTMapper.
func (m *mapper) ResourcesFor(r schema.GroupVersionResource) ([]schema.GroupVersionResource, error) {
	return askUnbound(m, func(k meta.RESTMapper) ([]schema.GroupVersionResource, error) { return k.ResourcesFor(r) })
}

// RESTMapping implements meta.RESTMapper.
func (m *mapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return askUnbound(m, func(k meta.RESTMapper) (*meta.RESTMapping, error) { return k.RESTMapping(gk, versions...) })
}

// RESTMappings implements meta.RESTMapper.
func (m *mapper) RESTMappings(gk schema.GroupKind, versions ...string) ([]*meta.RESTMapping, error) {
	return askUnbound(m, func(k meta.RESTMapper) ([]*meta.RESTMapping, error) { return k.RESTMappings(gk, versions...) })
}

// ResourceSingularizer implements meta.RESTMapper.
func (m *mapper) ResourceSingularizer(resource string) (string, error) {
	return askUnbound(m, func(k meta.RESTMapper) (string, error) { return k.ResourceSingularizer(resource) })
}
