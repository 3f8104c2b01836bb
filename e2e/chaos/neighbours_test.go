package chaos

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestNeighbours runs a project through its life among random neighbours: other
// projects, objects without labels, objects that copy the project's labels,
// and other managers of its fields. They stay as they are, and nothing of the
// project is left.
func TestNeighbours(t *testing.T) {
	runs(t, 6, func(t *testing.T, c *cluster, seed uint64) {
		g := newGenerator(seed)
		n := &neighbourhood{c: c, g: g, gantry: newGantry(t, c.bin, c.kubeconfig), crowd: crowd{}}
		n.namespace = c.namespace(t, fmt.Sprintf("crowd-%d", seed))
		n.beside = c.namespace(t, fmt.Sprintf("crowd-%d-beside", seed))
		n.project = g.project(fmt.Sprintf("n%d", seed))
		n.gantry.canaries = n.project.canaries()
		n.story(t)
		if t.Failed() {
			t.Logf("repeat with GANTRY_CHAOS_SEED=%d GANTRY_CHAOS_RUNS=1", seed)
		}
	})
}

// neighbourhood is one run.
type neighbourhood struct {
	c                 *cluster
	g                 *generator
	gantry            *gantry
	project           project
	namespace, beside string
	crowd             crowd
	marks             map[key]string
	uids              map[key]string
}

func (n *neighbourhood) story(t *testing.T) {
	t.Helper()
	n.other(t)
	n.crowd.settle(t, n.c, n.g, n.namespace, n.project)
	n.crowd.settle(t, n.c, n.g, n.beside, n.project)
	if n.g.chance(3) {
		n.taken(t)
	}
	n.up(t)
	live := n.c.list(t, n.namespace)
	n.marks = n.crowd.meddle(t, n.c, n.g, n.namespace, live, n.project.Name)
	n.uids = uidsOf(live)
	n.project = n.g.edit(n.project)
	n.gantry.canaries = append(n.gantry.canaries, n.project.canaries()...)
	n.up(t)
	if n.g.chance(3) {
		n.command(t, "stop")
		n.command(t, "start")
	}
	n.down(t)
}

// other deploys another project into the same namespace, and into the one
// beside a project of the same name.
func (n *neighbourhood) other(t *testing.T) {
	t.Helper()
	for namespace, name := range map[string]string{n.namespace: "another", n.beside: n.project.Name} {
		p := n.g.project(name)
		for i := range p.Services {
			p.Services[i].Port = 0
		}
		p.write(t, n.gantry.dir)
		if o := n.gantry.run(t, "compose", "-p", name, "-n", namespace, "up"); o.code != 0 {
			t.Fatalf("the neighbour: %s", o)
		}
		n.crowd[namespace] = n.c.list(t, namespace)
	}
}

// taken lets a stranger have a name that the project needs: up refuses and
// changes nothing.
func (n *neighbourhood) taken(t *testing.T) {
	t.Helper()
	name := n.project.Services[n.g.IntN(len(n.project.Services))].Name
	stranger := neighbourKinds()[3](n.g.next("taken"))
	stranger.SetName(name)
	stranger.SetNamespace(n.namespace)
	n.crowd[n.namespace][keyOf(stranger)] = n.c.apply(t, n.namespace, "kubectl", stranger)
	before := uidsOf(n.c.list(t, n.namespace))
	n.project.write(t, n.gantry.dir)
	o := n.gantry.run(t, "compose", "-p", n.project.Name, "-n", n.namespace, "up")
	if o.code == 0 || !strings.Contains(o.stderr, "Service/"+name) {
		t.Errorf("the name %s is taken, but: %s", name, o)
	}
	o.clear(t)
	if after := uidsOf(n.c.list(t, n.namespace)); !maps.Equal(before, after) {
		t.Errorf("a refused up has changed the namespace:\n%v\n%v", before, after)
	}
	n.crowd.untouched(t, n.c, "a refused up")
	delete(n.crowd[n.namespace], keyOf(stranger))
	n.c.remove(t, n.namespace, keyOf(stranger))
}

func (n *neighbourhood) up(t *testing.T) {
	t.Helper()
	n.project.write(t, n.gantry.dir)
	n.command(t, "up")
}

func (n *neighbourhood) command(t *testing.T, args ...string) outcome {
	t.Helper()
	o := n.gantry.run(t, append([]string{"compose", "-p", n.project.Name, "-n", n.namespace}, args...)...)
	if o.code != 0 {
		t.Errorf("%s", o)
	}
	n.crowd.untouched(t, n.c, args[0])
	respected(t, n.c.list(t, n.namespace), n.marks, n.uids, args[0])
	return o
}

// down removes the project, in some runs after another tool has adopted an
// object of it, in others after its inventory was lost.
func (n *neighbourhood) down(t *testing.T) {
	t.Helper()
	live := n.c.list(t, n.namespace)
	want := expectation{project: n.project.Name, removed: true, others: map[key]bool{}, claims: map[string]string{}}
	var adopted key
	switch n.g.IntN(3) {
	case 0:
		if adopted = n.crowd.adopt(t, n.c, n.g, n.namespace, live, n.project.Name); adopted != (key{}) {
			n.crowd[n.namespace][adopted] = n.c.list(t, n.namespace)[adopted]
		}
	case 1:
		n.c.remove(t, n.namespace, key{"Secret", "gantry." + n.project.Name})
	}
	args := []string{"down"}
	if n.g.chance(2) {
		args = append(args, "--volumes")
	} else {
		n.keepClaims(live, want)
	}
	o := n.command(t, args...)
	if adopted != (key{}) && !strings.Contains(o.stdout+o.stderr, adopted.String()) {
		t.Errorf("%s was adopted by another tool, and is not named: %s", adopted, o)
	}
	for k := range n.crowd[n.namespace] {
		want.others[k] = true
	}
	n.c.judge(t, n.namespace, want)
	n.crowd.untouched(t, n.c, "down")
}

func (n *neighbourhood) keepClaims(live map[key]*unstructured.Unstructured, want expectation) {
	for k, o := range live {
		_, foreign := n.crowd[n.namespace][k]
		if k.kind == "PersistentVolumeClaim" && !foreign {
			want.claims[k.name] = string(o.GetUID())
		}
	}
}
