package plan

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Observed is what the cluster has of a project, as far as a plan needs it.
type Observed struct {
	// Inventory is the project's record; its Exists is false before the first deploy.
	Inventory Inventory
	// Lock is the project's Lease.
	Lock Lock
	// Revisions are the project's, in the order of their numbers.
	Revisions []Revision
	// Last is the set of the last revision, without secret values; it is needed
	// only where another manager owns a field, and nil where it was not read.
	Last *Stored
	// Live holds the objects with the project's ApplySet label, with managedFields.
	Live map[render.Ref]*unstructured.Unstructured
	// Foreign holds the objects that exist under a name of the set without the
	// project's ApplySet label, each with the words that tell whose they are.
	Foreign map[render.Ref]string
	// Absent lists what the set requires and the cluster lacks.
	Absent []render.Requirement
	// Claims are the claims that the project's StatefulSets have made; filled in
	// only for a Down that deletes volumes, and of StatefulSets whose volumes grow.
	Claims []*unstructured.Unstructured
	// OneOffs are the pods of `run`; filled in for a Down.
	OneOffs []*unstructured.Unstructured
	// Expandable tells of the StorageClasses of volumes that grow whether they
	// allow it; one that may not be read is missing.
	Expandable map[string]bool
	// NamespaceMissing says that the namespace does not exist.
	NamespaceMissing bool
}
