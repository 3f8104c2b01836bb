package render

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// kubeletExpand follows the kubelet's rules for command, args, env values and
// exec probes: $(NAME) is the variable's value, or stays where there is none;
// $$ is $; any other $ stays.
func kubeletExpand(s string, env map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '$':
			b.WriteByte('$')
		case '(':
			end := strings.IndexByte(s[i:], ')')
			if end < 0 {
				b.WriteString("$(")
				continue
			}
			name := s[i+1 : i+end]
			i += end
			if value, ok := env[name]; ok {
				b.WriteString(value)
			} else {
				b.WriteString("$(" + name + ")")
			}
		default:
			b.WriteString("$" + string(s[i]))
		}
	}
	return b.String()
}

func TestKubeletExpandFollowsTheDocumentedRules(t *testing.T) {
	env := map[string]string{"A": "1", "B": "$(A)"}
	for in, want := range map[string]string{
		"$(A)": "1", "$$(A)": "$(A)", "$(X)": "$(X)", "$$": "$", "$$$$": "$$", "$": "$", "a$b": "a$b", "$(A": "$(A", "$(B)$(A)": "$(A)1", "$$$(A)": "$1",
	} {
		if got := kubeletExpand(in, env); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// dollars draws texts in which the kubelet's syntax is likely.
func dollars() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"$", "$$", "(", ")", "$(A)", "${A}", "A", "'", "\\", "a b", "é"}), 0, 8).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// TestTextsReachTheContainerUnchanged: whatever Compose's model holds is what
// the container gets, after the kubelet's expansion, and hooks are not escaped.
func TestTextsReachTheContainerUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word, value, test := dollars().Draw(t, "word"), dollars().Draw(t, "value"), dollars().Draw(t, "test")
		service := types.ServiceConfig{Name: "s"}
		service.Image, service.Entrypoint, service.Command = "x", types.ShellCommand{word, "x"}, types.ShellCommand{"x", word}
		service.Environment = types.MappingWithEquals{"A": &value, "Z": &word}
		service.HealthCheck = &types.HealthCheckConfig{Test: types.HealthCheckTest{"CMD-SHELL", test}}
		service.PostStart = []types.ServiceHook{{Command: types.ShellCommand{word}}}
		c := containerOf(t, service)
		env := map[string]string{}
		for _, e := range c.Env {
			env[e.Name] = kubeletExpand(e.Value, env)
		}
		got := []string{
			kubeletExpand(c.Command[0], env), kubeletExpand(c.Args[1], env), env["A"], env["Z"],
			kubeletExpand(c.ReadinessProbe.Exec.Command[2], env), c.Lifecycle.PostStart.Exec.Command[0],
		}
		if diff := cmp.Diff([]string{word, word, value, word, test, word}, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// containerOf renders a project with one service and returns its container.
func containerOf(t rapid.TB, service types.ServiceConfig) corev1.Container {
	p := compose.NewProject(&types.Project{Name: "p", Services: types.Services{"s": service}})
	r := &rendering{project: p, params: &params.Params{}, relations: relate(p, &params.Params{}, nil), table: compile()}
	contexts := r.services()
	r.run(contexts[0])
	for _, d := range contexts[0].diags {
		if d.Severity == diag.Error {
			t.Fatalf("%s", d)
		}
	}
	return contexts[0].Pod.Containers[0]
}

// TestRenderingIsDeterministic renders equal projects whose maps were filled in
// different orders.
func TestRenderingIsDeterministic(t *testing.T) {
	const file = `
services:
  a: {image: x, labels: {a: "1", b: "2", c: "3"}, environment: {A: a, B: b, C: c}, extra_hosts: {a: 10.0.0.1, b: 10.0.0.1, c: 10.0.0.2}, sysctls: {net.ipv4.tcp_syncookies: 1, net.ipv4.tcp_fin_timeout: 5}}
  b: {image: x, depends_on: {a: {condition: service_started, restart: true}}, ports: ["80:80", "81:81"], volumes: ["one:/one", "two:/two"], networks: [front, back]}
  c: {image: x, depends_on: [a, b], configs: [text], healthcheck: {interval: 1s}, networks: [front], blkio_config: {weight: 1}, ulimits: {nofile: 1, nproc: 2}}
volumes: {one: {}, two: {}}
networks: {front: {}, back: {}}
configs: {text: {content: a}}`
	first, diags := renderCompose(t, file)
	want := manifests(t, first) + diagLines(diags)
	for range 20 {
		set, diags := renderCompose(t, file)
		if diff := cmp.Diff(want, manifests(t, set)+diagLines(diags)); diff != "" {
			t.Fatalf("two renderings differ:\n%s", diff)
		}
	}
}

// TestRenderingChangesNoInput: a rendering leaves the project as it was.
func TestRenderingChangesNoInput(t *testing.T) {
	p := &types.Project{Name: "p", Services: types.Services{"a": {}, "b": {}}}
	for name := range p.Services {
		s := types.ServiceConfig{Name: name}
		s.Image = "x"
		s.DependsOn = types.DependsOnConfig{"gone": {Condition: types.ServiceConditionStarted}}
		s.Labels = types.Labels{"k": "v"}
		p.Services[name] = s
	}
	before := maps.Clone(p.Services["a"].DependsOn)
	Render(context.Background(), compose.NewProject(p), nil, Options{})
	if diff := cmp.Diff(before, p.Services["a"].DependsOn); diff != "" {
		t.Errorf("depends_on of the input changed:\n%s", diff)
	}
	if got := len(p.Services["a"].Labels); got != 1 {
		t.Errorf("labels of the input changed: %v", p.Services["a"].Labels)
	}
}
