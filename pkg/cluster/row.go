package cluster

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The states of a container, in docker compose's words.
const (
	StateCreated    = "created"    // not started yet, or scaled to zero and never started
	StateRunning    = "running"    // its process runs
	StateRestarting = "restarting" // it ended and will be started again
	StateRemoving   = "removing"   // its pod is being deleted
	StateExited     = "exited"     // it ended for good, or was stopped
	StateDead       = "dead"       // its pod failed before the container could start
)

// The health of a container with a healthcheck, in Docker's words; "" without one.
const (
	HealthStarting  = "starting"
	HealthHealthy   = "healthy"
	HealthUnhealthy = "unhealthy"
)

// Container is a row of `ps`: one container of one pod. The JSON form has the
// names that `docker compose ps --format json` uses, and more.
type Container struct {
	ID      string `json:"ID"`
	Name    string `json:"Name"`
	Names   string `json:"Names"`
	Image   string `json:"Image"`
	Command string `json:"Command"`
	Project string `json:"Project"`
	Service string `json:"Service"`
	State   string `json:"State"`
	// Status is the state in a sentence's form: Up 3 minutes (healthy).
	Status   string `json:"Status"`
	Health   string `json:"Health"`
	ExitCode int32  `json:"ExitCode"`
	// Publishers are the container's ports and where they can be reached.
	Publishers []Publisher `json:"Publishers"`
	Ports      string      `json:"Ports"`
	Labels     Labels      `json:"Labels"`
	CreatedAt  string      `json:"CreatedAt"`
	RunningFor string      `json:"RunningFor"`
	Node       string      `json:"Node"`
	Namespace  string      `json:"Namespace"`
	// Pod and Container name what kubectl would be asked for.
	Pod       string `json:"Pod"`
	Container string `json:"Container"`
	// Number is the replica's number, from 1, as in Name.
	Number   int   `json:"Number"`
	Restarts int32 `json:"Restarts"`
	// Reason is Kubernetes' word for why the container does not run
	// (ImagePullBackOff, CrashLoopBackOff, OOMKilled, Unschedulable, …).
	Reason string `json:"Reason"`
}

// Publisher is a port of a container. PublishedPort is 0, and URL empty, for a
// port that is only reachable inside the cluster; URL alone is empty while an
// address is being given out.
type Publisher struct {
	URL           string `json:"URL"`
	TargetPort    int32  `json:"TargetPort"`
	PublishedPort int32  `json:"PublishedPort"`
	Protocol      string `json:"Protocol"`
}

// Labels are a pod's labels. Their text and JSON form is docker's: one string
// key=value,key=value.
type Labels map[string]string

// String returns the labels in order of their keys.
func (l Labels) String() string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(l)) {
		pairs = append(pairs, key+"="+l[key])
	}
	return strings.Join(pairs, ",")
}

// MarshalJSON returns String as a JSON string.
func (l Labels) MarshalJSON() ([]byte, error) { return json.Marshal(l.String()) }

// Label returns the value of a label, for templates as docker has them.
func (c Container) Label(key string) string { return c.Labels[key] }
