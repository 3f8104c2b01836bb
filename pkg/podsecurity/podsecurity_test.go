package podsecurity

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/pod-security-admission/api"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

func rendered(t *testing.T, file string) (render.Set, *compose.Project) {
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
	return set, p
}

func TestLevels(t *testing.T) {
	const restricted = `user: "1000", cap_drop: [ALL], security_opt: ["no-new-privileges:true"]`
	for name, c := range map[string]struct{ service, reason string }{
		"restricted": {`{image: x, ` + restricted + `}`, ""},
		"baseline":   {`{image: x, user: "1000"}`, "allowPrivilegeEscalation"},
		"privileged": {`{image: x, privileged: true}`, "privileged"},
	} {
		t.Run(name, func(t *testing.T) {
			set, _ := rendered(t, "services: {s: "+c.service+"}")
			findings, err := Findings(set)
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
	set, _ := rendered(t, `services:
  web: {image: x, network_mode: host}
  once: {image: x, restart: "no"}
  node: {image: x, deploy: {mode: global}}
  joined: {image: x, pid: "service:web"}
jobs: {tick: {image: x, triggers: {schedule: ["@daily"]}}}`)
	list := Check(set, nil)
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

// TestCausesHaveTheirPlace: an attribute that keeps a service from a level is
// named where it stands, and what the files do not say is advised.
func TestCausesHaveTheirPlace(t *testing.T) {
	set, p := rendered(t, `services:
  a:
    image: x
    privileged: true
    network_mode: host
  b:
    image: x
    user: root
    cap_add: [NET_ADMIN]
  c:
    image: x
    user: "1000"
    cap_drop: [ALL]`)
	var got []string
	for _, d := range Check(set, p) {
		if d.Code == diag.CodePodSecurityCause {
			got = append(got, d.Pos.String()+" "+d.Path)
		} else {
			got = append(got, d.Pos.String()+" "+d.Hint)
		}
	}
	want := []string{
		"stdin:2:3 for baseline, do without privileged, host namespaces",
		"stdin:4:5 services.a.privileged",
		"stdin:5:5 services.a.network_mode",
		"stdin:6:3 for baseline, do without non-default capabilities",
		"stdin:9:5 services.b.cap_add",
		"stdin:10:3 for restricted, write security_opt: [no-new-privileges:true]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
