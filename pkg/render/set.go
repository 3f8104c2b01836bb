package render

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Set is a rendered project: the objects and what is known of the services
// behind them. It is a value: no stage changes another's Set.
type Set struct {
	// Project is the project's name as docker compose resolves it.
	Project string
	// Namespace that the input asks for; "" leaves it to the target.
	Namespace string
	// Objects in stable order: by kind (what others refer to comes first), then name.
	Objects []Object
	// Services in the order of their names, each with its workload.
	Services []Service
	// Requires names what must exist in the cluster before the set can run.
	Requires []Requirement
}

// Object is one Kubernetes object with its origin in the input.
type Object struct {
	*unstructured.Unstructured
	// Service is the Compose service that it belongs to; "" for the project's own.
	Service string
	// Path is the Compose attribute that it comes from, such as services.web or volumes.data.
	Path string
	Pos  diag.Pos
	// Sensitive marks objects whose data must never be shown.
	Sensitive bool
}

// Ref identifies an object within a namespace.
type Ref struct {
	GroupKind schema.GroupKind
	Name      string
}

// Service is what the deploy stages know of a Compose service.
type Service struct {
	Name string
	// Workload is the object that runs it; for several services in one pod it is shared.
	Workload Ref
	// Container is the name of the service's container in the pod.
	Container string
	Image     string
	DependsOn []Dependency
	// ReplicasDeclared says that the input states a count, which `up` restores.
	ReplicasDeclared bool
	// OneShot says that the service is expected to end (a Job).
	OneShot bool
	// HasHealthcheck says that Ready means the service's own healthcheck passed.
	HasHealthcheck bool
	// Ports are the published ones, in the order of the file.
	Ports []PublishedPort
	Path  string
	Pos   diag.Pos
	// Manifest says that a manifest of the user's own brings the workload, whose
	// pods do not carry the project's labels.
	Manifest bool
	// Selector selects the pods of a Manifest's workload, and maybe others; ""
	// where its kind or template has no labels to go by.
	Selector string
}

// Dependency is an edge of depends_on.
type Dependency struct {
	Service   string
	Condition string // service_started, service_healthy, service_completed_successfully
	Restart   bool
	Required  bool
}

// PublishedPort is a port that the Compose file publishes.
type PublishedPort struct {
	// Object is the Service or Ingress that exposes it; the zero Ref when it is not exposed.
	Object    Ref
	HostIP    string
	Published int32
	Target    int32
	Protocol  string // TCP or UDP
	// Host is the host name of an Ingress.
	Host string
}

// Requirement is an object that the set refers to but does not contain.
type Requirement struct {
	Ref
	// Key that must be in the Secret or ConfigMap; "" for the object alone.
	Key     string
	Service string
	Path    string
	Pos     diag.Pos
}

// RefOf returns the identity of an object.
func RefOf(o *unstructured.Unstructured) Ref {
	return Ref{GroupKind: o.GroupVersionKind().GroupKind(), Name: o.GetName()}
}

// String returns Kind/name.
func (r Ref) String() string { return r.GroupKind.Kind + "/" + r.Name }
