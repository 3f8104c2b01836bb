package render_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
	"github.com/gantry-dev/gantry/pkg/render"
)

// patience is how long an input of up to maxInput bytes may take; an input that
// took longer is tried again, since the machine may have been busy.
const (
	patience = 2 * time.Second
	maxInput = 64 << 10
)

// timely fails where a run takes too long in three attempts. A run that never
// ends stops the test process, so that the fuzzer keeps its input.
func timely(t *testing.T, run func()) {
	t.Helper()
	watchdog := time.AfterFunc(2*time.Minute, func() { panic("no end after two minutes") })
	defer watchdog.Stop()
	best := time.Duration(1<<63 - 1)
	for range 3 {
		start := time.Now()
		run()
		if best = min(best, time.Since(start)); best < patience {
			return
		}
	}
	t.Errorf("takes %s", best)
}

// app is a folder in which fuzzed files may look for others.
type app struct {
	dir      string
	accepted acceptance
}

func newApp(f *testing.F) app {
	f.Helper()
	dir := f.TempDir()
	for name, text := range map[string]string{
		"base.yml":     "services: {base: {image: base, environment: [A=1], ports: ['80:80']}}",
		"settings.env": "LEVEL=debug\nTOKEN=$$x\n", "page.html": "<p>hi</p>\n", "conf/a.ini": "[a]\n", "conf/b.ini": "[b]\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	return app{dir, newAcceptance(f)}
}

// outside finds what would lead a loader out of the application's folder.
var outside = regexp.MustCompile(`\.\.|~|://|["': \[,=\-]/+(dev/+[zurftps]|proc|sys|home|root|work|tmp/.)`)

// convert takes a Compose file and params through every stage. Diagnostics must
// have a message, and errors a place; without errors a server must accept all.
func (a app) convert(t *testing.T, project, file, par string) (*compose.Project, render.Set, diag.List) {
	t.Helper()
	var set render.Set
	var list diag.List
	var p *compose.Project
	timely(t, func() {
		p, list = compose.Load(t.Context(), compose.Options{
			WorkingDir: a.dir, ProjectDir: a.dir, ProjectName: project, Files: []string{"-"}, Stdin: strings.NewReader(file), Environ: []string{"A=1"},
		})
		if p == nil {
			return
		}
		read, more := params.Read([]byte(par), params.Options{Path: "ecs-params.yml", Services: p.ServiceNames(), Volumes: p.VolumeNames()})
		if list.Add(more...); list.HasErrors() {
			return
		}
		set, more = render.Render(t.Context(), p, read, render.Options{})
		list.Add(more...)
	})
	for _, d := range list {
		if d.Message == "" || d.Code == diag.CodeInternal {
			t.Errorf("a diagnostic that says nothing, or an internal error: %s", d)
		}
	}
	if list.HasErrors() {
		return nil, render.Set{}, list
	}
	for _, fault := range a.accepted.faults(set) {
		t.Errorf("a server refuses %s", fault)
	}
	return p, set, list
}

// quoted is a text as a YAML scalar.
func quoted(s string) string {
	encoded, _ := json.Marshal(s)
	return string(encoded)
}

// FuzzConvert takes any Compose file and any params to manifests.
func FuzzConvert(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed[0], seed[1])
	}
	a := newApp(f)
	f.Fuzz(func(t *testing.T, file, par string) {
		if len(file)+len(par) > maxInput || outside.MatchString(file) {
			t.Skip()
		}
		a.convert(t, "fuzz", file, par)
	})
}

// seeds are the files of testdata/seeds, each with its params (NAME.params.yml).
func seeds(f *testing.F) [][2]string {
	f.Helper()
	files, err := filepath.Glob("testdata/seeds/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds: ", err)
	}
	var out [][2]string
	for _, path := range files {
		if strings.HasSuffix(path, ".params.yml") {
			continue
		}
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		par, _ := os.ReadFile(strings.TrimSuffix(path, ".yml") + ".params.yml")
		out = append(out, [2]string{string(file), string(par)})
	}
	return out
}

// FuzzPorts gives a service any port, short and long, and any exposed port.
func FuzzPorts(f *testing.F) {
	for _, short := range []string{"80", "8080:80", "127.0.0.1:8080:80", "[::1]:53:53/udp", "3000-3002:4000-4002", "0:80", "127.0.0.1::80", "8000-9000:80", "53:53/UDP", "9:9/sctp", "0.0.0.0:1-2:1-2/tcp", "65536", "-1", ":80", "80:", "a:b"} {
		f.Add(short, short, "tcp", "0.0.0.0", "ingress", "web", "http")
	}
	f.Add("80", "81-83/udp", "udp", "::", "host", "a-name-that-is-longer-than-15", "kubernetes.io/h2c")
	a := newApp(f)
	f.Fuzz(func(t *testing.T, short, exposed, protocol, ip, mode, name, appProtocol string) {
		long := "{target: 90, published: " + quoted(short) + ", protocol: " + quoted(protocol) + ", host_ip: " + quoted(ip) +
			", mode: " + quoted(mode) + ", name: " + quoted(name) + ", app_protocol: " + quoted(appProtocol) + "}"
		for _, attribute := range []string{"ports: [" + quoted(short) + "], expose: [" + quoted(exposed) + "]", "ports: [" + quoted(short) + ", " + long + "]"} {
			file := "services: {s: {image: x, " + attribute + "}}"
			if strings.Contains(file, "$") || len(file) > maxInput {
				t.Skip()
			}
			a.convert(t, "fuzz", file, "")
		}
	})
}

// FuzzVolumes gives a service any volume, short and long.
func FuzzVolumes(f *testing.F) {
	for _, short := range []string{"data:/data", "data:/data:ro", "/data", "./conf:/etc/conf:ro", "./page.html:/www/index.html", "data:/data:nocopy,z", `C:\data:/data`, `data:C:\data`, "gone:/x", "./gone:/x", "data:", ":/x", "data:relative", "a:b:c:d", "data:/data:U,consistency=cached"} {
		f.Add(short, "volume", "data", "/long", "sub/path", "0755", int64(1<<20))
	}
	f.Add("/a", "tmpfs", "", "/scratch", "", "1777", int64(-1))
	f.Add("/a", "bind", "./conf", "/etc/conf", "a.ini", "rslave", int64(0))
	f.Add("/a", "image", "busybox", "/img", "bin", "", int64(0))
	a := newApp(f)
	f.Fuzz(func(t *testing.T, short, kind, source, target, subpath, mode string, size int64) {
		long := "{type: " + quoted(kind) + ", source: " + quoted(source) + ", target: " + quoted(target)
		switch kind {
		case "volume":
			long += ", volume: {nocopy: true, subpath: " + quoted(subpath) + "}"
		case "tmpfs":
			long += ", tmpfs: {size: " + quotedNumber(size) + ", mode: " + quoted(mode) + "}"
		case "image":
			long += ", image: {subpath: " + quoted(subpath) + "}"
		case "bind":
			long += ", bind: {propagation: " + quoted(mode) + "}"
		}
		for _, attributes := range []string{"volumes: [" + quoted(short) + "], tmpfs: [" + quoted(target) + "]", "volumes: [" + quoted(short) + ", " + long + "}]"} {
			file := "volumes: {data: {}}\nservices: {s: {image: x, " + attributes + "}}"
			if outside.MatchString(attributes) || len(file) > maxInput {
				t.Skip()
			}
			a.convert(t, "fuzz", file, "")
		}
	})
}

func quotedNumber(n int64) string {
	encoded, _ := json.Marshal(n)
	return string(encoded)
}

// FuzzDurations gives every attribute that is a length of time any text.
// Where Go reads the text as a duration too, what comes of it is known: whole
// seconds, rounded up.
func FuzzDurations(f *testing.F) {
	for _, s := range []string{"1m30s", "0s", "10", "1.5s", "500ms", "1us", "1h", "2d", "1w", "", "-5s", "999999h", "9223372036854775807ns", "1h5m30s20ms", "10ns", "1e3s", ".5s", "1 s"} {
		f.Add(s, "2s", "3s")
		f.Add("10s", s, s)
	}
	a := newApp(f)
	f.Fuzz(func(t *testing.T, interval, start, grace string) {
		if strings.Contains(interval+start+grace, "$") || len(interval+start+grace) > maxInput {
			t.Skip()
		}
		file := "services: {s: {image: x, stop_grace_period: " + quoted(grace) + ", healthcheck: {test: [CMD, a], interval: " + quoted(interval) +
			", timeout: " + quoted(interval) + ", start_period: " + quoted(start) + ", start_interval: " + quoted(start) + "}}}"
		_, set, list := a.convert(t, "fuzz", file, "")
		if list.HasErrors() {
			return
		}
		for _, o := range set.Objects {
			if o.GetKind() != "Deployment" {
				continue
			}
			checkSeconds(t, interval, 30, 1, dig(o.Object, "spec", "template", "spec", "containers", 0, "readinessProbe", "periodSeconds"))
			checkSeconds(t, grace, 10, 0, dig(o.Object, "spec", "template", "spec", "terminationGracePeriodSeconds"))
		}
	})
}

// checkSeconds compares a field with the text that it comes from.
func checkSeconds(t *testing.T, text string, otherwise, least int64, got any) {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil || d > 1<<30*time.Second {
		return // Compose's own spellings (1d), and the bounds of a probe
	}
	want := int64((d + time.Second - 1) / time.Second)
	switch {
	case d <= 0 && least == 1:
		want = otherwise // Docker takes zero as its default
	case d < 0:
		want = 1 << 30 // Docker waits without end
	}
	if got != want {
		t.Errorf("%q became %v s, want %d", text, got, want)
	}
}

// dig walks down keys and indices.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// FuzzNames gives a project, two services, a volume, a config and a network any
// names: the objects' names are valid and distinct, or the clash is reported.
func FuzzNames(f *testing.F) {
	for _, n := range [][2]string{{"a_b", "a-b"}, {"1st", "web"}, {"Web", "web"}, {"-a", "a"}, {"a.b", "a_b"}, {strings.Repeat("a", 70), strings.Repeat("a", 70) + "b"}, {"_", "-"}, {"web", "web-published"}, {"web", "web-0"}, {"xn--a", "x_n--a"}} {
		f.Add("shop", n[0], n[1], n[0], n[1])
		f.Add(strings.Repeat("p", 60), n[1], n[0], n[1], n[0])
	}
	a := newApp(f)
	f.Fuzz(func(t *testing.T, project, one, two, volume, config string) {
		if one == two || strings.Contains(one+two+volume+config, "$") || len(project+one+two+volume+config) > maxInput {
			t.Skip()
		}
		file := "services: {" + quoted(one) + ": {image: x, ports: ['1:1'], volumes: [" + quoted(volume+":/v") + "], configs: [" + quoted(config) + "], networks: {default: {aliases: [" + quoted(config) + "]}}}, " +
			quoted(two) + ": {image: x, ports: ['2:2'], volumes: [" + quoted(config+":/v") + "], container_name: " + quoted(volume) + ", depends_on: [" + quoted(one) + "]}}\n" +
			"volumes: {" + quoted(volume) + ": {}, " + quoted(config) + ": {}}\nconfigs: {" + quoted(config) + ": {content: a}}"
		if volume == config {
			file = strings.Replace(file, ", "+quoted(config)+": {}}", "}", 1)
		}
		p, set, list := a.convert(t, project, file, "")
		if list.HasErrors() {
			return
		}
		checkDistinct(t, p, set)
	})
}

// checkDistinct: every service has a workload and a Service of its own.
func checkDistinct(t *testing.T, p *compose.Project, set render.Set) {
	t.Helper()
	owners := map[string]string{}
	for _, s := range set.Services {
		name := s.Workload.String()
		if other, taken := owners[name]; taken {
			t.Errorf("%q and %q are both %s", other, s.Name, name)
		}
		owners[name] = s.Name
		if !slices.ContainsFunc(set.Objects, func(o render.Object) bool { return o.GetKind() == "Service" && o.Service == s.Name }) {
			t.Errorf("%q has no Service", s.Name)
		}
	}
	if len(set.Services) != len(p.Services) {
		t.Errorf("%d services became %d", len(p.Services), len(set.Services))
	}
}
