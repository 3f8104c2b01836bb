package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// pod is what the suite reads of a pod.
type pod struct {
	Metadata struct {
		Name              string            `json:"name"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
		CreationTimestamp string            `json:"creationTimestamp"`
	} `json:"metadata"`
	Spec struct {
		NodeName       string      `json:"nodeName"`
		Containers     []container `json:"containers"`
		InitContainers []container `json:"initContainers"`
	} `json:"spec"`
	Status struct {
		Phase      string `json:"phase"`
		PodIP      string `json:"podIP"`
		Conditions []struct{ Type, Status string }
		Containers []containerStatus `json:"containerStatuses"`
		Init       []containerStatus `json:"initContainerStatuses"`
	} `json:"status"`
}

type container struct {
	Name string `json:"name"`
	Env  []struct{ Name, Value string }
}

type containerStatus struct {
	Name         string `json:"name"`
	Ready        bool   `json:"ready"`
	RestartCount int    `json:"restartCount"`
	State        state  `json:"state"`
	LastState    state  `json:"lastState"`
}

type state struct {
	Terminated *struct {
		ExitCode int `json:"exitCode"`
	} `json:"terminated"`
}

// Where gantry says which service a container is.
const (
	labelService       = "com.docker.compose.service"
	annotationServices = "gantry.dev/services"
)

// containerName is the name of the service's container in the pod; "" if none is.
func (p pod) containerName(service string) string {
	for entry := range strings.SplitSeq(p.Metadata.Annotations[annotationServices], ",") {
		if name, of, _ := strings.Cut(entry, "="); of == service {
			return name
		}
	}
	if p.Metadata.Labels[labelService] == service && len(p.Spec.Containers) > 0 {
		return p.Spec.Containers[0].Name
	}
	return ""
}

func (p pod) container(service string) container {
	for _, c := range slices.Concat(p.Spec.Containers, p.Spec.InitContainers) {
		if c.Name == p.containerName(service) {
			return c
		}
	}
	return container{}
}

// port is where the probe of the service's container serves.
func (p pod) port(service string) string {
	for _, e := range p.container(service).Env {
		if e.Name == "PROBE_PORT" {
			return e.Value
		}
	}
	return "6060"
}

func (p pod) status(service string) containerStatus {
	for _, c := range slices.Concat(p.Status.Containers, p.Status.Init) {
		if c.Name == p.containerName(service) {
			return c
		}
	}
	return containerStatus{}
}

// list reads objects of the scenario's namespace.
func list[T any](ctx context.Context, r *run, kind string) ([]T, error) {
	out, err := r.must(ctx, r.kubectl("get", "-n", r.namespace, kind, "-o", "json"))
	if err != nil {
		return nil, err
	}
	var all struct {
		Items []T `json:"items"`
	}
	err = json.Unmarshal([]byte(out), &all)
	return all.Items, err
}

// pods are those that run a service and are not being removed: the ready ones
// first, the youngest of these first.
func (r *run) pods(ctx context.Context, service string) ([]pod, error) {
	all, err := list[pod](ctx, r, "pods")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p pod) bool {
		return p.containerName(service) == "" || p.Metadata.DeletionTimestamp != ""
	})
	slices.SortStableFunc(all, func(a, b pod) int {
		if a.status(service).Ready != b.status(service).Ready {
			if a.status(service).Ready {
				return -1
			}
			return 1
		}
		return strings.Compare(b.Metadata.CreationTimestamp, a.Metadata.CreationTimestamp)
	})
	return all, nil
}

// podsOf is the state of a service's pods.
func (r *run) podsOf(ctx context.Context, service string) (any, error) {
	pods, err := r.pods(ctx, service)
	if err != nil {
		return nil, err
	}
	ready, restarts, names, phases, codes, last := 0, 0, []string{}, []string{}, []int{}, []int{}
	for _, p := range pods {
		status := p.status(service)
		if status.Ready {
			ready++
		}
		restarts += status.RestartCount
		names, phases = append(names, p.Metadata.Name), append(phases, p.Status.Phase)
		if t := status.State.Terminated; t != nil {
			codes = append(codes, t.ExitCode)
		}
		if t := status.LastState.Terminated; t != nil {
			last = append(last, t.ExitCode)
		}
	}
	return normal(map[string]any{"count": len(pods), "ready": ready, "restarts": restarts, "names": names, "phases": phases, "codes": codes, "last": map[string]any{"codes": last}}, nil)
}

func (r *run) claims(ctx context.Context) (any, error) {
	type claim struct {
		Metadata struct{ Name string } `json:"metadata"`
	}
	all, err := list[claim](ctx, r, "persistentvolumeclaims")
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, c := range all {
		names = append(names, c.Metadata.Name)
	}
	return normal(map[string]any{"count": len(all), "names": names}, nil)
}

// address is that of a service's pod.
func (r *run) address(ctx context.Context, service string) (string, error) {
	pods, err := r.pods(ctx, service)
	if err != nil {
		return "", err
	}
	if len(pods) == 0 || pods[0].Status.PodIP == "" {
		return "", fmt.Errorf("service %s has no pod with an address", service)
	}
	return pods[0].Status.PodIP, nil
}

// published is where a published port of a service answers to the outside.
func (r *run) published(ctx context.Context, service string, port int) (string, error) {
	type object struct {
		Metadata struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec struct {
			Type  string `json:"type"`
			Ports []struct {
				Port       int `json:"port"`
				TargetPort any `json:"targetPort"`
			} `json:"ports"`
		} `json:"spec"`
		Status struct {
			LoadBalancer struct {
				Ingress []struct {
					IP string `json:"ip"`
				} `json:"ingress"`
			} `json:"loadBalancer"`
		} `json:"status"`
	}
	all, err := list[object](ctx, r, "services")
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if s.Metadata.Labels[labelService] != service || s.Spec.Type != "LoadBalancer" || len(s.Status.LoadBalancer.Ingress) == 0 {
			continue
		}
		for _, p := range s.Spec.Ports {
			if p.Port == port {
				return net.JoinHostPort(s.Status.LoadBalancer.Ingress[0].IP, strconv.Itoa(port)), nil
			}
		}
	}
	return "", fmt.Errorf("service %s publishes no port %d", service, port)
}

// node is the address of the node that runs the containers.
func (r *run) node(ctx context.Context) (string, error) {
	out, err := r.must(ctx, r.kubectl("get", "nodes", "-l", "gantry.dev/nodes=containers", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`))
	if err == nil && out == "" {
		err = errors.New("there is no node with containers")
	}
	return out, err
}
