package render

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/params"
)

// placementRows holds the rows of deploy.placement; ecs-params' placement
// constraints and strategies join them.
func placementRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.deploy.placement", Covers: []string{"constraints", "preferences", "preferences.[].spread"}, Support: Full,
			Target: "pod.spec.affinity.nodeAffinity, topologySpreadConstraints",
			Doc: "node.hostname, node.role, node.platform.os, node.platform.arch and node.labels.KEY with == or != are required node affinity; " +
				"the manager role is the control plane. Labels of the Docker engine and node ids have no counterpart: an error. " +
				"A spread preference is a topology spread constraint that does not block.",
			Codes: []diag.Code{diag.CodePlacement, diag.CodeSpread}, Map: mapPlacement,
		},
		{
			Path: "services.*.deploy.placement.max_replicas_per_node", Support: Partial, Target: "pod.spec.affinity.podAntiAffinity",
			Doc:   "1 is required anti-affinity between the service's pods. Kubernetes has no higher limit; the pods are spread evenly instead.",
			Codes: []diag.Code{diag.CodeMaxReplicas}, Map: mapMaxReplicas,
		},
	}
}

func mapPlacement(c *Ctx) {
	if d := c.Service.Deploy; d != nil {
		for i, text := range d.Placement.Constraints {
			if !c.constrain(parseConstraint(text)) {
				c.reportAt(diag.CodePlacement, []string{"deploy", "placement", "constraints", strconv.Itoa(i)}, "the constraint %q has no meaning for Kubernetes nodes", text).
					Hint = "use node.hostname, node.role, node.platform.os, node.platform.arch or node.labels.KEY with == or !="
			}
		}
		for i, p := range d.Placement.Preferences {
			c.preferSpread(p.Spread, i)
		}
	}
	for _, p := range slices.Concat(c.Params.TaskDefinition.Placement, c.Params.RunParams.Constraints) {
		c.placeByParams(p)
	}
	for _, p := range c.Params.RunParams.Strategy {
		if p.TopologyKey != "" {
			c.spread(p.TopologyKey)
		}
	}
}

// parseConstraint reads KEY==VALUE or KEY!=VALUE, with or without spaces.
func parseConstraint(text string) (key string, equal bool, value string) {
	key, value, equal = strings.Cut(text, "==")
	if !equal {
		key, value, _ = strings.Cut(text, "!=")
	}
	return strings.TrimSpace(key), equal, strings.TrimSpace(value)
}

// constrain adds a Swarm constraint to the node affinity; false if it has no
// counterpart.
func (c *Ctx) constrain(key string, equal bool, value string) bool {
	operator := corev1.NodeSelectorOpIn
	if !equal {
		operator = corev1.NodeSelectorOpNotIn
	}
	label := ""
	switch {
	case value == "":
		return false
	case key == "node.hostname":
		label = corev1.LabelHostname
	case key == "node.platform.os":
		label = corev1.LabelOSStable
	case key == "node.platform.arch":
		label, value = corev1.LabelArchStable, image.Architecture(strings.ToLower(value))
	case strings.HasPrefix(key, "node.labels."):
		label = strings.TrimPrefix(key, "node.labels.")
	case key == "node.role" && (value == "manager" || value == "worker"):
		exists := corev1.NodeSelectorOpExists
		if (value == "worker") == equal {
			exists = corev1.NodeSelectorOpDoesNotExist
		}
		c.requireNodes(corev1.NodeSelectorRequirement{Key: "node-role.kubernetes.io/control-plane", Operator: exists})
		return true
	default:
		return false
	}
	c.requireNodes(corev1.NodeSelectorRequirement{Key: label, Operator: operator, Values: []string{value}})
	return true
}

func (c *Ctx) affinity() *corev1.Affinity {
	if c.Pod.Affinity == nil {
		c.Pod.Affinity = &corev1.Affinity{}
	}
	return c.Pod.Affinity
}

// requireNodes adds a requirement that a node must meet beside all others.
func (c *Ctx) requireNodes(r corev1.NodeSelectorRequirement) {
	a := c.affinity()
	if a.NodeAffinity == nil {
		a.NodeAffinity = &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{}},
		}}
	}
	term := &a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0]
	term.MatchExpressions = append(term.MatchExpressions, r)
}

func (c *Ctx) preferSpread(by string, i int) {
	label := strings.TrimPrefix(by, "node.labels.")
	if label == by || label == "" {
		c.reportAt(diag.CodeSpread, []string{"deploy", "placement", "preferences", strconv.Itoa(i)}, "pods cannot be spread by %q", by).
			Hint = "use node.labels.KEY"
		return
	}
	c.spread(label)
}

// spread distributes the service's pods evenly over the values of a node label
// where it can (Swarm and ECS also place elsewhere when they must).
func (c *Ctx) spread(label string) {
	for _, s := range c.Pod.TopologySpreadConstraints {
		if s.TopologyKey == label {
			return
		}
	}
	c.Pod.TopologySpreadConstraints = append(c.Pod.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
		MaxSkew: 1, TopologyKey: label, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: c.selector(),
	})
}

// placeByParams applies an ECS placement constraint.
func (c *Ctx) placeByParams(p params.Placement) {
	if p.Type == "distinctInstance" {
		c.oneForEachNode()
		return
	}
	for _, r := range p.Nodes {
		c.requireNodes(corev1.NodeSelectorRequirement{Key: r.Key, Operator: corev1.NodeSelectorOperator(r.Operator), Values: r.Values})
	}
}

// oneForEachNode keeps the service's pods on different nodes.
func (c *Ctx) oneForEachNode() {
	a := c.affinity()
	if a.PodAntiAffinity != nil {
		return
	}
	a.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: c.podLabels()},
	}}}
}

func mapMaxReplicas(c *Ctx) {
	if c.Service.Deploy == nil {
		return
	}
	switch n := c.Service.Deploy.Placement.MaxReplicas; {
	case n == 1:
		c.oneForEachNode()
	case n > 1:
		c.spread(corev1.LabelHostname)
		c.Report(diag.CodeMaxReplicas, "deploy.placement.max_replicas_per_node", "at most %d pods on a node is no rule of Kubernetes: the pods are spread evenly over the nodes", n)
	}
}
