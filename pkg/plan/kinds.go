package plan

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds that a plan treats in their own way.
func kindDeployment() schema.GroupKind  { return schema.GroupKind{Group: "apps", Kind: "Deployment"} }
func kindStatefulSet() schema.GroupKind { return schema.GroupKind{Group: "apps", Kind: "StatefulSet"} }
func kindDaemonSet() schema.GroupKind   { return schema.GroupKind{Group: "apps", Kind: "DaemonSet"} }
func kindReplicaSet() schema.GroupKind  { return schema.GroupKind{Group: "apps", Kind: "ReplicaSet"} }
func kindJob() schema.GroupKind         { return schema.GroupKind{Group: "batch", Kind: "Job"} }
func kindCronJob() schema.GroupKind     { return schema.GroupKind{Group: "batch", Kind: "CronJob"} }
func kindPod() schema.GroupKind         { return schema.GroupKind{Kind: "Pod"} }
func kindService() schema.GroupKind     { return schema.GroupKind{Kind: "Service"} }
func kindSecret() schema.GroupKind      { return schema.GroupKind{Kind: "Secret"} }
func kindConfigMap() schema.GroupKind   { return schema.GroupKind{Kind: "ConfigMap"} }
func kindNamespace() schema.GroupKind   { return schema.GroupKind{Kind: "Namespace"} }
func kindClaim() schema.GroupKind       { return schema.GroupKind{Kind: "PersistentVolumeClaim"} }
func kindCRD() schema.GroupKind {
	return schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
}

// IsWorkload reports whether objects of the kind run pods.
func IsWorkload(gk schema.GroupKind) bool {
	return slices.Contains([]schema.GroupKind{
		kindDeployment(), kindStatefulSet(), kindDaemonSet(), kindReplicaSet(), kindJob(), kindCronJob(), kindPod(),
		{Kind: "ReplicationController"},
	}, gk)
}

// isDefinition reports whether other objects may be of a kind, or in a place,
// that objects of this kind bring.
func isDefinition(gk schema.GroupKind) bool { return gk == kindNamespace() || gk == kindCRD() }

// isHook reports whether objects of the kind call into a workload of the set,
// and therefore come after it.
func isHook(gk schema.GroupKind) bool {
	return gk.Group == "admissionregistration.k8s.io" || gk.Group == "apiregistration.k8s.io"
}

// holdsData reports whether deleting an object of the kind loses data that
// cannot be rendered again.
func holdsData(gk schema.GroupKind) bool {
	return gk == kindClaim() || gk == kindNamespace() || gk == kindCRD() || gk.Kind == "PersistentVolume" && gk.Group == ""
}

// IsCustom reports whether objects of the kind are judged by an operator of
// their own: their group is none of Kubernetes'.
func IsCustom(gk schema.GroupKind) bool {
	return strings.Contains(gk.Group, ".") && !strings.HasSuffix(gk.Group, ".k8s.io") || strings.HasSuffix(gk.Group, "x-k8s.io")
}

// IsDefinition reports whether other objects may be of a kind, or in a place,
// that objects of this kind bring.
func IsDefinition(gk schema.GroupKind) bool { return isDefinition(gk) }
