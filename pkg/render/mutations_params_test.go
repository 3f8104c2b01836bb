package render

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// paramsMutation sets an attribute beside the params with which it is mapped.
type paramsMutation struct{ path, kubernetes, base, change string }

func paramsMutations() []paramsMutation {
	const attached = `{network_attachments: {front: macvlan}}`
	const both = `{network_attachments: {front: macvlan, back: ipvlan}}`
	two := func(networks string) string {
		return "services: {s: {image: x, networks: {" + networks + "}}}\nnetworks: {front: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}}, back: {ipam: {config: [{subnet: 10.0.1.0/24, gateway: 10.0.1.1}]}}}"
	}
	volume := func(keys string) string {
		return "services: {s: {image: x, volumes: [\"data:/data\"]}}\nvolumes: {data: {" + keys + "}}"
	}
	front := func(keys string) string { return `networks: {front: {` + keys + `}}` }
	return []paramsMutation{
		{"services.*.blkio_config", `{blockio_classes: {"300": slow}}`, ``, `blkio_config: {weight: 300}`},
		{"services.*.blkio_config", `{blockio_classes: {"*": slow}}`, ``, `blkio_config: {weight: 10}`},
		{"services.*.device_cgroup_rules", `{devices: {"c 189:* rmw": example.com/usb}}`, ``, `device_cgroup_rules: ["c 189:* rmw"]`},
		{"services.*.isolation", `{runtime_classes: {hyperv: sandboxed}}`, ``, `isolation: hyperv`},
		{"services.*.runtime", `{runtime_classes: {runsc: gvisor}}`, `runtime: runc`, `runtime: runsc`},
		{"services.*.logging", `{log_drivers: {gelf: {annotations: {co.elastic.logs/enabled: "true"}}}}`, ``, `logging: {driver: gelf}`},
		{"services.*.networks.*.ipv4_address", attached, front(``), front(`ipv4_address: 10.0.0.9`)},
		{"services.*.networks.*.ipv6_address", attached, front(``), front(`ipv6_address: "fd00::9"`)},
		{"services.*.networks.*.link_local_ips", attached, front(``), front(`link_local_ips: [169.254.1.1]`)},
		{"services.*.networks.*.mac_address", attached, front(``), front(`mac_address: "02:42:ac:11:65:43"`)},
		{"services.*.networks.*.interface_name", attached, front(``), front(`interface_name: eth7`)},
		{"services.*.mac_address", attached, front(``), front(``) + `, mac_address: "02:42:ac:11:65:43"`},
		{"services.*.external_links", `{external_hosts: {redis: redis.other.svc}}`, ``, `external_links: [redis]`},
		{"services.*.networks.*.priority", both, two(`front: {}, back: {}`), two(`front: {priority: 9}, back: {}`)},
		{"services.*.networks.*.gw_priority", both, two(`front: {}, back: {}`), two(`front: {gw_priority: 1}, back: {}`)},
		{"volumes.*.driver", `{volume_drivers: {rexray/ebs: gp3}}`, volume(``), volume(`driver: rexray/ebs`)},
		{"services.*.devices", `{devices: {/dev/fuse: example.com/fuse}}`, ``, `devices: [/dev/fuse]`},
	}
}

// renderWith renders a Compose file beside a kubernetes block.
func renderWith(t *testing.T, text, kubernetes string) (Set, diag.List) {
	t.Helper()
	dir := t.TempDir()
	p, list := compose.Load(context.Background(), compose.Options{Files: []string{"-"}, Stdin: strings.NewReader(text), ProjectName: "shop", WorkingDir: dir})
	if p == nil {
		t.Fatalf("%s\n%v", text, list)
	}
	path := filepath.Join(dir, "ecs-params.yml")
	if err := os.WriteFile(path, []byte("version: 1\nkubernetes: "+kubernetes+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	par, list := params.Load(params.Options{Path: path, Lookup: func(string) (string, bool) { return "", false }, Services: p.ServiceNames()})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return Render(context.Background(), p, par, Options{})
}

func (m paramsMutation) document(fragment string) string {
	if strings.Contains(fragment, "services:") {
		return fragment
	}
	if fragment != "" {
		fragment = ", " + fragment
	}
	return "services: {other: {image: y, networks: [front]}, s: {image: x" + fragment + "}}\nnetworks: {front: {ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: \"fd00::/64\"}]}}}"
}

// TestParamsMapWhatTheySay: with its params an attribute changes the manifests,
// and is no error.
func TestParamsMapWhatTheySay(t *testing.T) {
	for _, m := range paramsMutations() {
		t.Run(m.path, func(t *testing.T) {
			before, _ := renderWith(t, m.document(m.base), m.kubernetes)
			after, list := renderWith(t, m.document(m.change), m.kubernetes)
			if manifests(t, before) == manifests(t, after) {
				t.Errorf("nothing changes:\n%s", m.document(m.change))
			}
			if list.HasErrors() {
				t.Error(list)
			}
		})
	}
}

// TestPartialRowsWrite keeps a row that does nothing from being called Partial:
// each needs a mutation, if need be with params, that changes the manifests.
func TestPartialRowsWrite(t *testing.T) {
	changes := map[string]bool{}
	for _, m := range slices.Concat(serviceMutations(), deployMutations(), networkMutations(), silentMutations(), topLevelMutations(), jobMutations(), hookMutations(t)) {
		if changes[m.path] {
			continue
		}
		before, _ := renderCompose(t, m.document(m.base))
		after, _ := renderCompose(t, m.document(m.change))
		changes[m.path] = manifests(t, before) != manifests(t, after)
	}
	for _, m := range paramsMutations() {
		changes[m.path] = true // TestParamsMapWhatTheySay
	}
	// What is said of it is what the default is mapped to as well.
	changes["jobs.*.triggers.schedule.[].concurrency"] = true
	for _, row := range Table() {
		if row.Support == Partial && !slices.ContainsFunc(row.Owned(), func(path string) bool { return changes[path] }) {
			t.Errorf("%s is partial, but no mutation of it changes the manifests", row.Path)
		}
	}
}
