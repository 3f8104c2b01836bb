package cluster

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

const (
	// discoveryTimeout bounds a discovery for which the caller gave no context.
	discoveryTimeout = 30 * time.Second
	// discoveryPause is the least time between two discoveries of one run, so
	// that a set with many unknown kinds costs one.
	discoveryPause = time.Second
)

// mapper maps kinds to resources. It discovers the server's kinds at the first
// question (two requests, by aggregated discovery), keeps them on disk for the
// next run, and discovers again when it is asked for a kind that it does not know.
type mapper struct {
	discover func(context.Context) ([]*restmapper.APIGroupResources, bool, error)
	cache    discoveryCache

	mu      sync.Mutex
	known   meta.RESTMapper
	fetched time.Time // zero while known comes from the disk
}

func newMapper(cfg *rest.Config, httpClient *http.Client, cacheDir string) (*mapper, error) {
	client, err := discovery.NewDiscoveryClientForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("make the discovery client: %w", err)
	}
	discover := func(ctx context.Context) ([]*restmapper.APIGroupResources, bool, error) {
		groups, lists, err := client.ServerGroupsAndResourcesWithContext(ctx)
		if groups == nil || lists == nil {
			return nil, false, err
		}
		// An aggregated API server that is down leaves the other groups usable.
		return slim(groups, lists), err == nil, nil
	}
	return &mapper{discover: discover, cache: newDiscoveryCache(cacheDir, cfg)}, nil
}

// mapping answers from what is known, and discovers when that is not enough.
func (m *mapper) mapping(ctx context.Context, gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return ask(ctx, m, func(known meta.RESTMapper) (*meta.RESTMapping, error) {
		return known.RESTMapping(gk, versions...)
	})
}

// ask puts a question to the known kinds, once more after a discovery when
// they have no answer.
func ask[T any](ctx context.Context, m *mapper, question func(meta.RESTMapper) (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		if err := m.load(ctx); err != nil {
			var none T
			return none, err
		}
	}
	answer, err := question(m.known)
	if !meta.IsNoMatchError(err) || time.Since(m.fetched) < discoveryPause {
		return answer, err
	}
	if err := m.refresh(ctx); err != nil {
		return answer, err
	}
	return question(m.known)
}

func (m *mapper) load(ctx context.Context) error {
	if groups, ok := m.cache.read(); ok {
		m.known = restmapper.NewDiscoveryRESTMapper(groups)
		return nil
	}
	return m.refresh(ctx)
}

func (m *mapper) refresh(ctx context.Context) error {
	groups, whole, err := m.discover(ctx)
	if err != nil {
		return fmt.Errorf("discover the cluster's kinds: %w", err)
	}
	m.known, m.fetched = restmapper.NewDiscoveryRESTMapper(groups), time.Now()
	if whole {
		m.cache.write(groups)
	}
	return nil
}

// Reset forgets what is known, in memory and on disk.
func (m *mapper) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.fetched = nil, time.Time{}
	m.cache.remove()
}

// slim keeps of a discovery what a mapper needs: no subresources, no verbs.
func slim(groups []*metav1.APIGroup, lists []*metav1.APIResourceList) []*restmapper.APIGroupResources {
	byVersion := map[string][]metav1.APIResource{}
	for _, list := range lists {
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				byVersion[list.GroupVersion] = append(byVersion[list.GroupVersion],
					metav1.APIResource{Name: r.Name, SingularName: r.SingularName, Namespaced: r.Namespaced, Kind: r.Kind})
			}
		}
	}
	var out []*restmapper.APIGroupResources
	for _, group := range groups {
		g := &restmapper.APIGroupResources{Group: *group, VersionedResources: map[string][]metav1.APIResource{}}
		for _, v := range group.Versions {
			if resources, ok := byVersion[v.GroupVersion]; ok {
				g.VersionedResources[v.Version] = resources
			}
		}
		out = append(out, g)
	}
	return out
}
