package component

import (
	"slices"
	"testing"

	"github.com/gantry-dev/gantry/local/internal/state"
)

func TestFor(t *testing.T) {
	parts := []Part{
		{Name: "control", Components: []Component{{Name: "a"}, {Name: "b", On: Containers}}},
		{Name: "sim", On: Simulated, Components: []Component{{Name: "s"}}},
		{Name: "con", On: Containers, Components: []Component{{Name: "k"}, {Name: "both", On: Simulated}}},
	}
	tests := []struct {
		nodes state.Nodes
		want  []string
	}{
		{state.NodesSimulated, []string{"a", "s"}},
		{state.NodesContainers, []string{"a", "b", "k"}},
		{state.NodesBoth, []string{"a", "b", "s", "k", "both"}},
	}
	for _, tt := range tests {
		var got []string
		for _, c := range All(For(parts, tt.nodes)) {
			got = append(got, c.Name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s has %v, want %v", tt.nodes, got, tt.want)
		}
	}
	if len(parts[0].Components) != 2 || parts[0].Components[1].Name != "b" {
		t.Errorf("For changed the table: %v", parts[0].Components)
	}
	if _, ok := Find(parts, "k"); !ok {
		t.Error("Find misses a component")
	}
	if _, ok := Find(parts, "none"); ok {
		t.Error("Find finds what is not there")
	}
}
