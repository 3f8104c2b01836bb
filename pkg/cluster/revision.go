package cluster

import (
	"context"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// revisionAnnotation counts a Deployment's rollouts on its ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// revisions maps namespace/name of ReplicaSets and ControllerRevisions to the
// number of the rollout that they belong to.
type revisions map[string]int64

// of returns the rollout that a pod is of; 1 for kinds that have none.
func (r revisions) of(pod *corev1.Pod) int64 {
	name := owner(pod, "ReplicaSet")
	if hash := rolloutHash(pod); hash != "" {
		// A StatefulSet labels its pods with the revision's whole name, a
		// DaemonSet with its hash alone.
		name = hash
		if n, ok := r[pod.Namespace+"/"+owner(pod, "DaemonSet")+"-"+hash]; ok {
			return n
		}
	}
	if n := r[pod.Namespace+"/"+name]; n > 0 {
		return n
	}
	return 1
}

// revisions reads the rollouts of a project's workloads; a user who may not
// read them sees revision 1 everywhere.
func (c *Client) revisions(ctx context.Context, namespace, project string, claims []*claimant) (revisions, error) {
	out := revisions{}
	if err := c.addRevisions(newLister(ctx, namespace, selectProject(project)), out); err != nil {
		return nil, c.explain(ctx, err)
	}
	for _, one := range claims {
		for _, selector := range one.podSelectors() {
			if err := c.addRevisions(newLister(ctx, one.namespace, selector), out); err != nil {
				return nil, c.explain(ctx, err)
			}
		}
	}
	return out, nil
}

// addRevisions adds what a lister selects.
func (c *Client) addRevisions(l *lister, out revisions) error {
	l.like("replicasets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.AppsV1().ReplicaSets(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		l.locked(func() {
			for _, rs := range page.Items {
				out[rs.Namespace+"/"+rs.Name], _ = strconv.ParseInt(rs.Annotations[revisionAnnotation], 10, 64)
			}
		})
		return page.Continue, nil
	})
	l.like("controllerrevisions", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.AppsV1().ControllerRevisions(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		l.locked(func() {
			for _, cr := range page.Items {
				out[cr.Namespace+"/"+cr.Name] = cr.Revision
			}
		})
		return page.Continue, nil
	})
	return l.wait()
}
