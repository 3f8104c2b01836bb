package addons

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// className is the default StorageClass; provisionerName is who serves it.
const (
	className       = "standard"
	provisionerName = "gantry.dev/local-path"
)

// provisioner makes a folder for each claim. It implements
// controller.Provisioner.
type provisioner struct {
	root string // folder of all volumes
	node string // the node that runs containers; folders are made for it only
}

// newProvisioner gives the provisioner of a cluster.
func newProvisioner(c *state.Cluster) *provisioner {
	p := &provisioner{root: c.Dir.Data("volumes")}
	if c.Nodes.Containers() {
		p.node = c.ContainerNode()
	}
	return p
}

// runProvisioner serves claims until ctx ends.
func runProvisioner(ctx context.Context, c *state.Cluster, client kubernetes.Interface) {
	pc := controller.NewProvisionController(ctx, client, provisionerName, newProvisioner(c),
		controller.LeaderElection(false),
		controller.ResyncPeriod(time.Minute),
		controller.RetryIntervalMax(10*time.Second),
	)
	pc.Run(ctx)
}

// Provision makes the volume of a claim: a folder on the node that the scheduler
// chose for the claim's first pod. All access modes are given, since all pods of
// a folder are on that node. Errors are final for the claim as it is; the
// controller reports them as an event and tries again.
func (p *provisioner) Provision(_ context.Context, o controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if o.PVC.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, errors.New("a claim with a selector can't be provisioned: volumes are made for their claim")
	}
	if o.SelectedNodeName == "" {
		return nil, controller.ProvisioningFinished, errors.New("no node was chosen: the StorageClass must have volumeBindingMode WaitForFirstConsumer")
	}
	path := filepath.Join(p.root, folder(o))
	if o.SelectedNodeName == p.node {
		if err := mkdir(path); err != nil {
			return nil, controller.ProvisioningFinished, err
		}
	}
	return volume(o, path), controller.ProvisioningFinished, nil
}

// folder is the name of a volume's folder: it says whose it is to one who looks.
func folder(o controller.ProvisionOptions) string {
	return strings.Join([]string{o.PVC.Namespace, o.PVC.Name, o.PVName}, "_")
}

// volume is the PersistentVolume for a folder. The kind "local" lets the kubelet
// give the folder to a pod's fsGroup.
func volume(o controller.ProvisionOptions, path string) *corev1.PersistentVolume {
	mode := corev1.PersistentVolumeFilesystem
	reclaim := corev1.PersistentVolumeReclaimDelete
	if o.StorageClass != nil && o.StorageClass.ReclaimPolicy != nil {
		reclaim = *o.StorageClass.ReclaimPolicy
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: reclaim,
			AccessModes:                   o.PVC.Spec.AccessModes,
			VolumeMode:                    &mode,
			Capacity: corev1.ResourceList{
				corev1.ResourceStorage: o.PVC.Spec.Resources.Requests[corev1.ResourceStorage],
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: path},
			},
			NodeAffinity: onHost(o.SelectedNodeName),
		},
	}
}

// onHost ties a volume to a node by its host name label, which is the node's
// name on both kinds of node. (The kubelet looks at labels only.)
func onHost(host string) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{host},
			}},
		}},
	}}
}

// Delete removes a volume's folder with all that is in it.
func (p *provisioner) Delete(_ context.Context, v *corev1.PersistentVolume) error {
	if v.Spec.Local == nil {
		return fmt.Errorf("volume %s is not one of ours: it has no local path", v.Name)
	}
	path := filepath.Clean(v.Spec.Local.Path)
	if filepath.Dir(path) != filepath.Clean(p.root) {
		return fmt.Errorf("volume %s is not one of ours: its folder is %s", v.Name, path)
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove the folder of volume %s: %w", v.Name, err)
	}
	return nil
}
