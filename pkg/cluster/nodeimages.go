package cluster

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// labelSimulated is how gantry-local marks nodes that run no containers.
const labelSimulated = "gantry.dev/simulated"

// NodeImages is what the nodes of a cluster have in their image stores.
type NodeImages struct {
	// Names of images that every node tells of; a kubelet tells its largest 50.
	Names []string
	// Node is the UID of the node with containers: another one begins empty.
	Node string
	// Simulated says that no node runs containers: none needs an image.
	Simulated bool
}

// NodeImages asks which images the nodes have (Node.status.images). It is for
// the embedded cluster, which has one node with containers.
func (c *Client) NodeImages(ctx context.Context) (NodeImages, error) {
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return NodeImages{}, c.Explain(err)
	}
	out := NodeImages{Simulated: true}
	for _, node := range nodes.Items {
		if node.Labels[labelSimulated] == "true" {
			continue
		}
		out.Simulated, out.Node = false, string(node.UID)
		for _, image := range node.Status.Images {
			out.Names = append(out.Names, image.Names...)
		}
	}
	return out, nil
}
