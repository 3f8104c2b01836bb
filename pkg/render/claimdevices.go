package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// claimGPUs asks for every GPU of a node, or for certain ones by UUID, with a
// claim of dynamic resource allocation (Kubernetes 1.34 and later, resource.k8s.io/v1):
// device plugins only count.
func (c *Ctx) claimGPUs(request types.DeviceRequest, name corev1.ResourceName, at string) {
	class := strings.Replace(string(name), "nvidia.com/gpu", "gpu.nvidia.com", 1)
	class = strings.Replace(class, "amd.com/gpu", "gpu.amd.com", 1)
	exact := &resourcev1.ExactDeviceRequest{DeviceClassName: class, AllocationMode: resourcev1.DeviceAllocationModeAll}
	if len(request.IDs) > 0 {
		exact.AllocationMode, exact.Count = resourcev1.DeviceAllocationModeExactCount, int64(len(request.IDs))
		exact.Selectors = []resourcev1.DeviceSelector{{CEL: &resourcev1.CELDeviceSelector{Expression: uuidSelector(class, request.IDs)}}}
	}
	claim := "gpu-" + strconv.Itoa(len(c.Pod.ResourceClaims))
	template := shorten(c.KubeName+"-"+claim, c.KubeName+claim, maxName)
	c.Add(&resourcev1.ResourceClaimTemplate{
		TypeMeta:   typeMeta("resource.k8s.io/v1", "ResourceClaimTemplate"),
		ObjectMeta: metav1.ObjectMeta{Name: template, Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName)},
		Spec: resourcev1.ResourceClaimTemplateSpec{Spec: resourcev1.ResourceClaimSpec{Devices: resourcev1.DeviceClaim{
			Requests: []resourcev1.DeviceRequest{{Name: "gpu", Exactly: exact}},
		}}},
	}, strings.Split(at, ".")...)
	c.Pod.ResourceClaims = append(c.Pod.ResourceClaims, corev1.PodResourceClaim{Name: template, ResourceClaimTemplateName: &template})
	c.Container.Resources.Claims = append(c.Container.Resources.Claims, corev1.ResourceClaim{Name: template})
	c.Report(diag.CodeResourceClaim, at, "asks for GPUs by a resource claim: the cluster needs the vendor's driver for dynamic resource allocation (class %s)", class).
		Hint = "with a device plugin alone, write a `count`"
}

// uuidSelector is the CEL expression for devices with one of the UUIDs.
func uuidSelector(class string, ids []string) string {
	quoted := make([]string, 0, len(ids))
	for _, id := range ids {
		quoted = append(quoted, strconv.Quote(id))
	}
	return fmt.Sprintf("device.attributes[%q].uuid in [%s]", class, strings.Join(quoted, ", "))
}

// areUUIDs tells names that hold for one device everywhere from a machine's
// own numbering.
func areUUIDs(ids []string) bool {
	for _, id := range ids {
		if !strings.Contains(id, "-") {
			return false
		}
	}
	return len(ids) > 0
}
