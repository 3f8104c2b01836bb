package plan

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// immutable is a field that Kubernetes does not let change, with the way that
// the plan takes.
type immutable struct {
	kind schema.GroupKind
	path []string
	// when narrows the rule; nil means every change of the field.
	when func(c Change, live *unstructured.Unstructured) bool
	// verb is Replace or Recreate; "" means that the plan refuses.
	verb Verb
	risk Risk
	// code and way are the diagnostic of a refusal and its hint.
	code diag.Code
	way  string
}

const (
	wayClaims  = "a volume's class and access mode are fixed when it is made: give the volume a new name and copy the data, or delete the service with `gantry compose rm SERVICE` and its claims with kubectl"
	wayDeletes = "its claims would be deleted with it (persistentVolumeClaimRetentionPolicy.whenDeleted: Delete): run `up` with whenDeleted: Retain first, then make this change"
	wayVolume  = "a volume's class and access mode are fixed when it is made: use a new volume name and copy the data, or delete the volume and its data with `gantry compose down --volumes`"
	wayShrink  = "volumes only grow: keep the size, use a new volume name and copy the data, or delete the volume and its data with `gantry compose down --volumes`"
	wayClass   = "a StorageClass is fixed when it is made: use a new name"
)

// immutables is the table of fields that cannot change in place. The source of
// each is the update validation of its kind in Kubernetes 1.36.
func immutables() []immutable {
	refuse := func(kind schema.GroupKind, code diag.Code, way string, paths ...[]string) []immutable {
		return rulesFor(immutable{kind: kind, code: code, way: way}, paths)
	}
	replace := func(kind schema.GroupKind, risk Risk, paths ...[]string) []immutable {
		return rulesFor(immutable{kind: kind, verb: Replace, risk: risk}, paths)
	}
	var out []immutable
	out = append(out, statefulSetRules()...)
	for _, kind := range []schema.GroupKind{kindDeployment(), kindStatefulSet(), kindDaemonSet(), kindReplicaSet()} {
		out = append(out, replace(kind, Interrupts, spec("selector"))...)
	}
	out = append(out, replace(kindJob(), "", spec("template"), spec("selector"), spec("completions"), spec("completionMode"),
		spec("podFailurePolicy"), spec("successPolicy"), spec("backoffLimitPerIndex"), spec("managedBy"))...)
	out = append(out, replace(kindService(), Interrupts, spec("clusterIP"), spec("loadBalancerClass"))...)
	out = append(out, replace(kindSecret(), "", []string{"type"})...)
	out = append(out, sealed(kindSecret())...)
	out = append(out, sealed(kindConfigMap())...)
	out = append(out, claimRules()...)
	out = append(out, podFields()...)
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		out = append(out, replace(schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: kind}, "", []string{"roleRef"})...)
	}
	return append(out, refuse(schema.GroupKind{Group: "storage.k8s.io", Kind: "StorageClass"}, diag.DeployImmutable, wayClass,
		[]string{"provisioner"}, []string{"parameters"}, []string{"reclaimPolicy"}, []string{"volumeBindingMode"})...)
}

func spec(path ...string) []string { return append([]string{"spec"}, path...) }

func rulesFor(rule immutable, paths [][]string) []immutable {
	out := make([]immutable, 0, len(paths))
	for _, p := range paths {
		rule.path = p
		out = append(out, rule)
	}
	return out
}

// sealed are the rules of a Secret or ConfigMap with immutable: true.
func sealed(kind schema.GroupKind) []immutable {
	isSealed := func(_ Change, live *unstructured.Unstructured) bool {
		on, _, _ := unstructured.NestedBool(live.Object, "immutable")
		return on
	}
	return rulesFor(immutable{kind: kind, verb: Replace, when: isSealed}, [][]string{{"data"}, {"binaryData"}, {"immutable"}})
}

// claimRules are those of a PersistentVolumeClaim: its size may grow, all else
// is fixed but volumeAttributesClassName.
func claimRules() []immutable {
	rules := []immutable{{
		kind: kindClaim(), path: spec("resources", "requests", "storage"), when: shrinks, code: diag.DeployVolumeShrinks, way: wayShrink,
	}}
	fixed := immutable{kind: kindClaim(), code: diag.DeployImmutable, way: wayVolume}
	return append(rules, rulesFor(fixed, [][]string{
		spec("storageClassName"), spec("accessModes"), spec("volumeMode"), spec("volumeName"), spec("selector"), spec("dataSource"), spec("dataSourceRef"),
	})...)
}

// shrinks reports whether a size becomes smaller, or is no longer stated.
func shrinks(c Change, _ *unstructured.Unstructured) bool {
	old, errOld := resource.ParseQuantity(scalarText(c.Old))
	new, errNew := resource.ParseQuantity(scalarText(c.New))
	return errOld == nil && (errNew != nil || new.Cmp(old) < 0)
}

// podFields are the rules of a bare Pod: only its images may change.
func podFields() []immutable {
	notImage := func(c Change, _ *unstructured.Unstructured) bool {
		return !c.under("spec", "containers", "*", "image") && !c.under("spec", "initContainers", "*", "image") && !c.under("spec", "tolerations")
	}
	return []immutable{{kind: kindPod(), path: spec(), when: notImage, verb: Replace, risk: Interrupts}}
}

// fixed returns the rule that a change falls under.
func (b *builder) fixed(op *Op, c Change) (immutable, bool) {
	if c.Kind == Unowned {
		return immutable{}, false
	}
	for _, rule := range b.rules {
		if rule.kind == op.GroupKind && c.touches(rule.path...) && (rule.when == nil || rule.when(c, op.Live)) {
			return rule, true
		}
	}
	return immutable{}, false
}
