package cluster

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

// ownedKind is a kind whose objects events are about.
type ownedKind struct {
	kind     string
	resource schema.GroupVersionResource
}

func ownedKinds() []ownedKind {
	core, apps, batch := schema.GroupVersion{Version: "v1"}, schema.GroupVersion{Group: "apps", Version: "v1"}, schema.GroupVersion{Group: "batch", Version: "v1"}
	return []ownedKind{
		{"Pod", core.WithResource("pods")},
		{"Service", core.WithResource("services")},
		{"PersistentVolumeClaim", core.WithResource("persistentvolumeclaims")},
		{render.KindDeployment, apps.WithResource("deployments")},
		{"ReplicaSet", apps.WithResource("replicasets")},
		{render.KindStatefulSet, apps.WithResource("statefulsets")},
		{render.KindDaemonSet, apps.WithResource("daemonsets")},
		{render.KindJob, batch.WithResource("jobs")},
		{render.KindCronJob, batch.WithResource("cronjobs")},
		{"Ingress", schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}},
	}
}

// owners knows which objects are a project's, and their Compose services.
type owners struct {
	byUID  map[types.UID]string
	byName map[string]string // Kind/name, for pods that are gone
}

// of returns the service of the object that an event is about. A pod that is
// gone is known by the controller whose name its own begins with.
func (o *owners) of(e Event) (service string, ours bool) {
	if service, ours = o.byUID[e.uid]; ours {
		return service, true
	}
	name, isPod := strings.CutPrefix(e.Object, "Pod/")
	at := strings.LastIndex(name, "-")
	if !isPod || at < 0 {
		return "", false
	}
	for _, kind := range []string{"ReplicaSet", render.KindStatefulSet, render.KindDaemonSet, render.KindJob} {
		if service, ours = o.byName[kind+"/"+name[:at]]; ours {
			return service, true
		}
	}
	return "", false
}

// owners lists the names of a project's objects, without the objects.
func (c *Client) owners(ctx context.Context, project string) (*owners, error) {
	out := &owners{byUID: map[types.UID]string{}, byName: map[string]string{}}
	l := newLister(ctx, c.namespace, selectProject(project))
	for _, kind := range ownedKinds() {
		l.like(kind.resource.Resource, func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.metadata.Resource(kind.resource).Namespace(c.namespace).List(ctx, o)
			if err != nil {
				return "", err
			}
			l.locked(func() { out.add(kind.kind, page.Items) })
			return page.Continue, nil
		})
	}
	if err := l.wait(); err != nil {
		return nil, c.explain(ctx, err)
	}
	return out, nil
}

func (o *owners) add(kind string, items []metav1.PartialObjectMetadata) {
	for i := range items {
		service := composeName(items[i].Labels, items[i].Annotations)
		o.byUID[items[i].UID] = service
		o.byName[kind+"/"+items[i].Name] = service
	}
}
