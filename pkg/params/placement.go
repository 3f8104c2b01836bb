package params

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// NodeRequirement is a condition on a node's labels, in the terms of
// Kubernetes' node affinity.
type NodeRequirement struct {
	Key string
	// Operator is In, NotIn, Exists or DoesNotExist.
	Operator string
	Values   []string
}

// nodeLabel gives the node label for an attribute that ECS itself sets.
type nodeLabel struct {
	attribute, label string
	// values renames ECS's words to those of Kubernetes; others stay.
	values [][2]string
}

func nodeLabels() []nodeLabel {
	return []nodeLabel{
		{attribute: "ecs.os-type", label: "kubernetes.io/os"},
		{attribute: "ecs.cpu-architecture", label: "kubernetes.io/arch", values: [][2]string{{"x86_64", "amd64"}, {"ARM64", "arm64"}, {"aarch64", "arm64"}}},
		{attribute: "ecs.instance-type", label: "node.kubernetes.io/instance-type"},
		{attribute: "ecs.availability-zone", label: "topology.kubernetes.io/zone"},
	}
}

// placements translates the memberOf expressions and reports those that have
// no node affinity, and the strategies that Kubernetes' scheduler has no
// setting for.
func (c *checker) placements() {
	c.constraints("task_definition.placement_constraints", c.p.TaskDefinition.Placement)
	c.constraints("run_params.task_placement.constraints", c.p.RunParams.Constraints)
	for i := range c.p.RunParams.Strategy {
		c.strategy(fmt.Sprintf("run_params.task_placement.strategy[%d]", i), &c.p.RunParams.Strategy[i])
	}
}

func (c *checker) constraints(path string, all []Placement) {
	for i := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch p := &all[i]; {
		case p.Type != "memberOf":
		case p.Expression == "":
			c.report(diag.CodeParamsMissing, at, "", "%s: memberOf needs an expression", at)
		default:
			nodes, ok := parseExpression(p.Expression)
			if !ok {
				c.report(diag.CodeParamsPlacement, at+".expression", "use kubernetes.services.NAME.node_selector",
					"%s.expression has no counterpart in node labels and is not applied", at)
			}
			p.Nodes = nodes
		}
	}
}

func (c *checker) strategy(path string, p *Placement) {
	switch p.Type {
	case "random":
		c.diags.Add(diag.New(diag.CodeParamsPlacement, c.p.Pos(path), path,
			"%s: where nothing is said, the scheduler places pods by the load of the nodes", path).As(diag.Info))
	case "binpack":
		c.report(diag.CodeParamsPlacement, path, "", "%s: how full nodes are packed is set in the cluster's scheduler, not by a workload", path)
	case "spread":
		topology, ok := topologyKey(p.Field)
		if !ok {
			c.report(diag.CodeParamsPlacement, path+".field", "spread by attribute:ecs.availability-zone or instanceId",
				"%s.field: %q is no topology of nodes and is not applied", path, p.Field)
		}
		p.TopologyKey = topology
	}
}

// topologyKey is the node label for the field of a spread strategy.
func topologyKey(field string) (string, bool) {
	switch field {
	case "instanceId", "host":
		return "kubernetes.io/hostname", true
	}
	attribute, ok := strings.CutPrefix(field, "attribute:")
	if !ok || isQualifiedName(attribute) != nil {
		return "", false
	}
	label, _ := labelOf(attribute)
	return label, true
}

func labelOf(attribute string) (string, [][2]string) {
	for _, l := range nodeLabels() {
		if l.attribute == attribute {
			return l.label, l.values
		}
	}
	return attribute, nil
}

var (
	conjunction = regexp.MustCompile(`\s+and\s+|\s*&&\s*`)
	comparison  = regexp.MustCompile(`^attribute:([^\s=!]+)\s*(==|!=|\s(?:equals|not_equals)\s)\s*([^\s\[\]()]+)$`)
	membership  = regexp.MustCompile(`^attribute:(\S+)\s+(in|!in|not_in)\s+\[([^\[\]]*)\]$`)
	existence   = regexp.MustCompile(`^attribute:(\S+)\s+(exists|not_exists|!exists)$`)
)

// parseExpression translates comparisons joined by "and" of the cluster query
// language of ECS; false for everything else of it (or, patterns, task groups).
func parseExpression(s string) ([]NodeRequirement, bool) {
	var out []NodeRequirement
	for _, term := range conjunction.Split(strings.TrimSpace(s), -1) {
		r, ok := parseTerm(strings.TrimSpace(term))
		if !ok {
			return nil, false
		}
		out = append(out, r)
	}
	return out, true
}

func parseTerm(s string) (NodeRequirement, bool) {
	if m := existence.FindStringSubmatch(s); m != nil {
		operator := "Exists"
		if m[2] != "exists" {
			operator = "DoesNotExist"
		}
		return requirement(m[1], operator, nil)
	}
	if m := membership.FindStringSubmatch(s); m != nil {
		return requirement(m[1], negatable(m[2] != "in"), strings.Split(m[3], ","))
	}
	if m := comparison.FindStringSubmatch(s); m != nil {
		operator := strings.TrimSpace(m[2])
		return requirement(m[1], negatable(operator == "!=" || operator == "not_equals"), []string{m[3]})
	}
	return NodeRequirement{}, false
}

func negatable(not bool) string {
	if not {
		return "NotIn"
	}
	return "In"
}

// requirement makes a condition of its parts; false when they are no valid
// label key and values.
func requirement(attribute, operator string, values []string) (NodeRequirement, bool) {
	label, rename := labelOf(attribute)
	r := NodeRequirement{Key: label, Operator: operator}
	for _, v := range values {
		v = strings.Trim(strings.TrimSpace(v), `"'`)
		if i := slices.IndexFunc(rename, func(p [2]string) bool { return p[0] == v }); i >= 0 {
			v = rename[i][1]
		}
		if v == "" || isLabelValue(v) != nil {
			return NodeRequirement{}, false
		}
		r.Values = append(r.Values, v)
	}
	return r, isQualifiedName(label) == nil
}
