package podsecurity

import (
	"context"
	"strings"
	"testing"

	"k8s.io/pod-security-admission/api"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/render"
)

func rendered(t *testing.T, file string) render.Set {
	t.Helper()
	p, diags := compose.Load(context.Background(), compose.Options{
		Files: []string{"-"}, Stdin: strings.NewReader(file), ProjectName: "shop", WorkingDir: t.TempDir(),
	})
	if p == nil || diags.HasErrors() {
		t.Fatal(diags)
	}
	set, diags := render.Render(context.Background(), p, nil, render.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return set
}

func TestLevels(t *testing.T) {
	const restricted = `user: "1000", cap_drop: [ALL], security_opt: ["no-new-privileges:true"]`
	for name, c := range map[string]struct{ service, reason string }{
		"restricted": {`{image: x, ` + restricted + `}`, ""},
		"baseline":   {`{image: x, user: "1000"}`, "allowPrivilegeEscalation"},
		"privileged": {`{image: x, privileged: true}`, "privileged"},
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := Findings(rendered(t, "services: {s: "+c.service+"}"))
			if err != nil || len(findings) != 1 {
				t.Fatalf("%v, %v", findings, err)
			}
			f := findings[0]
			if f.Level != api.Level(name) || !strings.Contains(strings.Join(f.Reasons, "; "), c.reason) || c.reason == "" && len(f.Reasons) > 0 {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestEveryKindOfWorkloadIsJudged(t *testing.T) {
	list := Check(rendered(t, `services:
  web: {image: x, network_mode: host}
  once: {image: x, restart: "no"}
  node: {image: x, deploy: {mode: global}}
  joined: {image: x, pid: "service:web"}
jobs: {tick: {image: x, triggers: {schedule: ["@daily"]}}}`))
	if len(list) != 5 {
		t.Fatalf("%v", list)
	}
	for _, d := range list {
		shared := strings.HasSuffix(d.Path, ".web") || strings.HasSuffix(d.Path, ".joined")
		if strings.Contains(d.Message, "level privileged") != shared {
			t.Errorf("%s", d)
		}
	}
}
