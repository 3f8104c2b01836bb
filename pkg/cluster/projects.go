package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// Project is a row of ls.
type Project struct {
	Name string `json:"Name"`
	// Status counts the containers by state, as `docker compose ls` does:
	// exited(1), running(3).
	Status string `json:"Status"`
	// ConfigFiles are the Compose files of the last `up`; none for a project
	// that another tool applied.
	ConfigFiles string `json:"ConfigFiles"`
	Namespace   string `json:"Namespace"`
	Services    int    `json:"Services"`

	running int
}

// ProjectOptions choose the rows of Projects.
type ProjectOptions struct {
	// All also shows projects of which nothing runs.
	All bool
	// Namespace limits the search; "" means all that the user may read.
	Namespace string
}

// Projects lists the projects of a cluster, by name and namespace: those with
// an inventory, and those that gantry rendered and another tool applied. A user
// who may not look into all namespaces gets those of the client's own.
func Projects(ctx context.Context, c *Client, o ProjectOptions) ([]Project, error) {
	rows, err := c.projects(ctx, o.Namespace)
	if isForbidden(err) && o.Namespace == "" {
		rows, err = c.projects(ctx, c.namespace)
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(p Project) bool { return !o.All && p.running == 0 }), nil
}

func (c *Client) projects(ctx context.Context, namespace string) ([]Project, error) {
	s, err := c.take(ctx, namespace, "")
	if err != nil {
		return nil, err
	}
	inventories, err := c.inventories(ctx, namespace)
	if err != nil {
		return nil, err
	}
	return projectRows(s, inventories, time.Now()), nil
}

// projectKey identifies a project in a cluster.
type projectKey struct{ namespace, name string }

// inventories reads the inventories of a namespace, or of all; none when the
// user may not read Secrets. One that cannot be decoded still names its project.
func (c *Client) inventories(ctx context.Context, namespace string) (map[projectKey]plan.Inventory, error) {
	out := map[projectKey]plan.Inventory{}
	err := pages(ctx, plan.InventorySelector, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.CoreV1().Secrets(namespace).List(ctx, o)
		if apierrors.IsForbidden(err) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("list inventories: %w", err)
		}
		for i := range page.Items {
			inv, err := plan.DecodeInventory(&page.Items[i])
			if err != nil {
				inv.Project = strings.TrimPrefix(page.Items[i].Name, plan.InventoryName(""))
			}
			out[projectKey{page.Items[i].Namespace, inv.Project}] = inv
		}
		return page.Continue, nil
	})
	return out, c.explain(ctx, err)
}

// projectRows counts the states of each project's containers.
func projectRows(s *snapshot, inventories map[projectKey]plan.Inventory, now time.Time) []Project {
	states, services := map[projectKey]map[string]int{}, map[projectKey]map[string]bool{}
	count := func(key projectKey, service, state string) {
		if states[key] == nil {
			states[key], services[key] = map[string]int{}, map[string]bool{}
		}
		if state != "" {
			states[key][state]++
		}
		if service != "" {
			services[key][service] = true
		}
	}
	for _, r := range replicas(s.pods) {
		count(projectKey{r.Pod.Namespace, r.Project}, r.owner(), conditionOf(r.Pod, r.Container, now).State)
	}
	for _, w := range s.workloads {
		count(projectKey{w.Namespace, w.Project}, w.Service, "")
	}
	for key, inv := range inventories {
		count(key, "", "")
		for _, record := range inv.Services {
			count(key, record.Name, "")
		}
	}
	var out []Project
	for key, counts := range states {
		out = append(out, Project{
			Name: key.name, Namespace: key.namespace, Status: stateCounts(counts), Services: len(services[key]),
			ConfigFiles: strings.Join(inventories[key].Files, ","), running: counts[StateRunning] + counts[StateRestarting] + counts[StateCreated],
		})
	}
	slices.SortFunc(out, func(a, b Project) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
	})
	return out
}

func stateCounts(counts map[string]int) string {
	var words []string
	for _, state := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s(%d)", state, counts[state]))
	}
	return strings.Join(words, ", ")
}
