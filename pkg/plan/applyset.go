package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// FieldManager is the name under which gantry owns fields (metadata.managedFields).
const FieldManager = "gantry"

// ScaleManager is the field manager of scale, stop and start: what they set is
// not part of the project's files.
const ScaleManager = "gantry-scale"

// Labels and annotations of the ApplySet specification (KEP-3659).
const (
	// LabelApplySet marks a member with the id of its set.
	LabelApplySet = "applyset.kubernetes.io/part-of"
	// LabelApplySetID marks the parent, here the inventory Secret.
	LabelApplySetID         = "applyset.kubernetes.io/id"
	annotationTooling       = "applyset.kubernetes.io/tooling"
	annotationGroupKinds    = "applyset.kubernetes.io/contains-group-kinds"
	tooling                 = "gantry/v1"
	annotationSpecHash      = "gantry.dev/spec-hash"
	inventoryNamePrefix     = "gantry."
	inventoryDataKey        = "inventory.json.gz"
	inventoryVersion        = 1
	maxInventoryProjectName = 253 - len(inventoryNamePrefix)
)

// InventoryType is the type of the inventory Secret.
const InventoryType = "gantry.dev/inventory"

// InventoryName returns the name of the Secret that holds a project's
// inventory. A project name that is longer than a Secret name allows is cut
// and told apart by its hash.
func InventoryName(project string) string {
	if len(project) > maxInventoryProjectName {
		project = fmt.Sprintf("%s-%x", project[:maxInventoryProjectName-17], hashBytes(project)[:8])
	}
	return inventoryNamePrefix + project
}

// ApplySetID returns the id of a project's ApplySet in a namespace, as the
// specification derives it from the parent: V1 of
// base64(sha256(<name>.<namespace>.<kind>.<group>)).
func ApplySetID(project, namespace string) string {
	sum := hashBytes(strings.Join([]string{InventoryName(project), namespace, "Secret", ""}, "."))
	return "applyset-" + base64.RawURLEncoding.EncodeToString(sum) + "-v1"
}

// ApplySetSelector returns the label selector of a project's objects.
func ApplySetSelector(project, namespace string) string {
	return LabelApplySet + "=" + ApplySetID(project, namespace)
}

func hashBytes(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// GroupKinds returns the kinds of the set's objects, sorted, each once.
func GroupKinds(set render.Set) []schema.GroupKind {
	var out []schema.GroupKind
	for _, o := range set.Objects {
		out = append(out, o.GroupVersionKind().GroupKind())
	}
	return sortedKinds(out)
}

func sortedKinds(kinds []schema.GroupKind) []schema.GroupKind {
	slices.SortFunc(kinds, compareKinds)
	return slices.Compact(kinds)
}

func compareKinds(a, b schema.GroupKind) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
}

// CompareRefs orders by group, kind and name.
func CompareRefs(a, b render.Ref) int {
	return cmp.Or(compareKinds(a.GroupKind, b.GroupKind), cmp.Compare(a.Name, b.Name))
}
