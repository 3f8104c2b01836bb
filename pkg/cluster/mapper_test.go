package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

func emptyConfig() *rest.Config { return &rest.Config{Host: "https://192.0.2.1:6443"} }

func errExpired() error { return x509.CertificateInvalidError{Reason: x509.Expired} }

// kinds is a discovery of these kinds in group example.com.
func kinds(names ...string) []*restmapper.APIGroupResources {
	group := metav1.APIGroup{Name: "example.com", Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "example.com/v1", Version: "v1"}}}
	group.PreferredVersion = group.Versions[0]
	var list []metav1.APIResource
	for _, name := range names {
		list = append(list, metav1.APIResource{Name: name + "s", Kind: name, Namespaced: true})
	}
	return []*restmapper.APIGroupResources{{Group: group, VersionedResources: map[string][]metav1.APIResource{"v1": list}}}
}

func kind(name string) schema.GroupKind { return schema.GroupKind{Group: "example.com", Kind: name} }

func TestMapperDiscoversOnceAndAgainForAnUnknownKind(t *testing.T) {
	dir, discoveries := t.TempDir(), 0
	served := kinds("Widget")
	open := func() *mapper {
		return &mapper{cache: newDiscoveryCache(dir, emptyConfig()), discover: func(context.Context) ([]*restmapper.APIGroupResources, bool, error) {
			discoveries++
			return served, true, nil
		}}
	}
	ask := func(m *mapper, name string, wantErr bool, wantDiscoveries int) {
		t.Helper()
		mapping, err := m.mapping(t.Context(), kind(name))
		if meta.IsNoMatchError(err) != wantErr || (err == nil && mapping.Resource.Resource != name+"s") {
			t.Errorf("%s: %v, %v", name, mapping, err)
		}
		if discoveries != wantDiscoveries {
			t.Errorf("%s: %d discoveries, want %d", name, discoveries, wantDiscoveries)
		}
	}
	first := open()
	ask(first, "Widget", false, 1)
	ask(first, "Gadget", true, 1) // just discovered: not again at once
	first.fetched = time.Now().Add(-2 * discoveryPause)
	ask(first, "Gadget", true, 2)

	served = kinds("Widget", "Gadget")
	second := open()
	ask(second, "Widget", false, 2) // from the disk
	ask(second, "Gadget", false, 3) // not on the disk
	ask(open(), "Gadget", false, 3)

	second.Reset()
	ask(open(), "Widget", false, 4)
}

func TestMapperWithoutServer(t *testing.T) {
	down := errors.New("down")
	m := &mapper{cache: newDiscoveryCache(t.TempDir(), emptyConfig()), discover: func(context.Context) ([]*restmapper.APIGroupResources, bool, error) {
		return nil, false, down
	}}
	if _, err := m.RESTMapping(kind("Widget")); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}

func TestDiscoveryCacheIgnoresWhatItCannotUse(t *testing.T) {
	c := newDiscoveryCache(t.TempDir(), emptyConfig())
	if _, ok := c.read(); ok {
		t.Error("an absent file was read")
	}
	c.write(kinds("Widget"))
	if _, ok := c.read(); !ok {
		t.Error("the written file was not read")
	}
	old := time.Now().Add(-discoveryAge - time.Minute)
	if err := os.Chtimes(c.path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.read(); ok {
		t.Error("an old file was read")
	}
	if err := os.WriteFile(c.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.read(); ok {
		t.Error("a damaged file was read")
	}
}

func TestDiscoveryCacheTellsClustersApart(t *testing.T) {
	a, b := emptyConfig(), emptyConfig()
	b.CAData = []byte("another authority")
	if newDiscoveryCache("d", a) == newDiscoveryCache("d", b) {
		t.Error("two clusters at one address share a file")
	}
	if got := filepath.Dir(newDiscoveryCache("d", a).path); got != filepath.Join("d", "discovery") {
		t.Errorf("folder %s", got)
	}
}
