package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// cluster is the judge's own way to the API server, past the proxy and past
// gantry's code.
type cluster struct {
	bin, kubeconfig string
	config          *rest.Config
	client          dynamic.Interface
	// kinds are all that a namespace can have, but for what controllers derive.
	kinds map[string]schema.GroupVersionResource
}

// key names an object within a namespace, as Kind/name.
type key struct{ kind, name string }

func (k key) String() string { return k.kind + "/" + k.name }

func keyOf(o *unstructured.Unstructured) key { return key{o.GetKind(), o.GetName()} }

// connect returns the cluster under test; it skips the test if there is none.
func connect(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{bin: os.Getenv("GANTRY_E2E_BIN"), kubeconfig: os.Getenv("GANTRY_E2E_KUBECONFIG")}
	if c.bin == "" || c.kubeconfig == "" {
		t.Skip("no cluster: run `make e2e` or `make chaos`")
	}
	if nodes := os.Getenv("GANTRY_E2E_NODES"); nodes != "simulated" && nodes != "both" {
		t.Skipf("the cluster has %s nodes, this needs simulated ones", nodes)
	}
	var err error
	if c.config, err = clientcmd.BuildConfigFromFlags("", c.kubeconfig); err != nil {
		t.Fatal(err)
	}
	c.config.QPS = -1
	if c.client, err = dynamic.NewForConfig(c.config); err != nil {
		t.Fatal(err)
	}
	c.kinds = namespacedKinds(t, c.config)
	return c
}

// derived are the kinds that controllers make of others.
var derived = []string{"Event", "Endpoints", "EndpointSlice", "Pod", "ReplicaSet", "ControllerRevision"}

func namespacedKinds(t *testing.T, cfg *rest.Config) map[string]schema.GroupVersionResource {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := client.ServerPreferredNamespacedResources()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]schema.GroupVersionResource{}
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && !slices.Contains(derived, r.Kind) {
				out[r.Kind] = gv.WithResource(r.Name)
			}
		}
	}
	return out
}

// patiently repeats a request of the judge while the API server is away.
func patiently[T any](request func() (T, error)) (T, error) {
	for deadline := time.Now().Add(time.Minute); ; {
		out, err := request()
		final := err == nil || apierrors.IsNotFound(err) || apierrors.IsInvalid(err) || apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || apierrors.IsBadRequest(err)
		if final || time.Now().After(deadline) {
			return out, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// list returns all objects of a namespace, but for what is derived and for
// what every namespace has.
func (c *cluster) list(t *testing.T, namespace string) map[key]*unstructured.Unstructured {
	t.Helper()
	out := map[key]*unstructured.Unstructured{}
	var mu sync.Mutex
	var group errgroup.Group
	for _, resource := range c.kinds {
		group.Go(func() error {
			items, err := c.items(resource, namespace)
			if apierrors.IsNotFound(err) {
				return nil // a kind of another test, whose definition is gone
			}
			if err != nil {
				return fmt.Errorf("list %s: %w", resource.Resource, err)
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range items {
				if k := keyOf(&items[i]); k != (key{"ConfigMap", "kube-root-ca.crt"}) && k != (key{"ServiceAccount", "default"}) {
					out[k] = &items[i]
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *cluster) items(resource schema.GroupVersionResource, namespace string) ([]unstructured.Unstructured, error) {
	list, err := patiently(func() (*unstructured.UnstructuredList, error) {
		return c.client.Resource(resource).Namespace(namespace).List(context.Background(), metav1.ListOptions{})
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// apply applies an object by server-side apply under a name of its own. What
// cannot be changed in place is deleted first.
func (c *cluster) apply(t *testing.T, namespace, manager string, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	resource := c.client.Resource(c.kinds[o.GetKind()]).Namespace(namespace)
	options := metav1.ApplyOptions{FieldManager: manager, Force: true}
	send := func() (*unstructured.Unstructured, error) {
		return patiently(func() (*unstructured.Unstructured, error) {
			return resource.Apply(context.Background(), o.GetName(), o, options)
		})
	}
	live, err := send()
	if apierrors.IsInvalid(err) {
		c.remove(t, namespace, keyOf(o))
		live, err = send()
	}
	if err != nil {
		t.Fatalf("apply %s: %v", keyOf(o), err)
	}
	return live
}

// remove deletes an object and waits until it is gone.
func (c *cluster) remove(t *testing.T, namespace string, k key) {
	t.Helper()
	resource := c.client.Resource(c.kinds[k.kind]).Namespace(namespace)
	background := metav1.DeletePropagationBackground
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		_, err := patiently(func() (struct{}, error) {
			return struct{}{}, resource.Delete(context.Background(), k.name, metav1.DeleteOptions{PropagationPolicy: &background})
		})
		if apierrors.IsNotFound(err) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not go away", k)
}

// namespace makes a namespace that is removed with the test.
func (c *cluster) namespace(t *testing.T, name string) string {
	t.Helper()
	resource := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
	if _, err := patiently(func() (*unstructured.Unstructured, error) {
		return resource.Create(context.Background(), ns, metav1.CreateOptions{})
	}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = patiently(func() (struct{}, error) {
			return struct{}{}, resource.Delete(context.Background(), name, metav1.DeleteOptions{})
		})
	})
	return name
}

// restart kills the API server; gantry-local starts it again.
func (c *cluster) restart(t *testing.T) {
	t.Helper()
	out, err := exec.Command(filepath.Join(c.bin, "gantry-local"), "status", "--name", os.Getenv("GANTRY_LOCAL_NAME"), "--format", "json").Output()
	if err != nil {
		t.Errorf("ask for the API server's process: %v", err)
		return
	}
	var clusters []struct {
		Components []struct {
			Name string
			PID  int
		}
	}
	if err := json.Unmarshal(out, &clusters); err != nil || len(clusters) != 1 {
		t.Errorf("read the status of the cluster: %v\n%s", err, out)
		return
	}
	for _, component := range clusters[0].Components {
		if component.Name != "apiserver" || component.PID <= 0 {
			continue
		}
		if process, err := os.FindProcess(component.PID); err == nil {
			_ = process.Kill()
		}
		return
	}
	t.Errorf("the cluster has no process of the API server:\n%s", out)
}

// parse splits a stream of manifests into objects.
func parse(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for document := range strings.SplitSeq("\n"+manifests, "\n---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		out = append(out, decode(t, document))
	}
	return out
}
