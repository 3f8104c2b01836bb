package params

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// read reads text as the file ecs-params.yml of an application with the
// services web and db, the volume data, and a few variables.
func read(t *testing.T, text string) (*Params, diag.List) {
	t.Helper()
	vars := map[string]string{"NAME": "web", "EMPTY": "", "MEM": "256m", "PASSWORD": "Hunter2"}
	return Read([]byte(text), Options{
		Path:     "ecs-params.yml",
		Lookup:   func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		Services: []string{"db", "web"},
		Volumes:  []string{"data"}, ExternalVolumes: []string{"outside"},
	})
}

// printed is the list as users see it.
func printed(l diag.List) string {
	var b strings.Builder
	for _, d := range l.Sorted() {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

var ignorePositions = cmpopts.IgnoreUnexported(Params{})

func p[T any](v T) *T { return &v }

func TestReadsEveryKey(t *testing.T) {
	data, err := os.ReadFile("testdata/complete.yml")
	if err != nil {
		t.Fatal(err)
	}
	got, diags := Read(data, Options{Path: "complete.yml", Services: []string{"web", "db", "log"}, Volumes: []string{"data"}})
	if diags.HasErrors() {
		t.Fatalf("errors:\n%s", printed(diags))
	}
	if diff := cmp.Diff(complete(), got, ignorePositions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, k := range Keys() {
		// The private namespace's id and a public one exclude what the file has.
		excluded := strings.HasSuffix(k.Path, "_dns_namespace.id") || strings.Contains(k.Path, "public_dns_namespace")
		if !excluded && !hasKey(got, k.Path) {
			t.Errorf("testdata/complete.yml lacks %s", k.Path)
		}
	}
}

// hasKey says whether the file has a key of the schema under any name or index.
func hasKey(p *Params, path string) bool {
	want := strings.Split(strings.ReplaceAll(path, "[]", ".*"), ".")
	for have := range p.positions {
		parts := strings.Split(have, ".")
		ok := len(parts) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = want[i] == "*" || want[i] == parts[i]
		}
		if ok {
			return true
		}
	}
	return false
}

func complete() *Params {
	return &Params{
		File: "complete.yml", Version: "1",
		TaskDefinition: completeTask(),
		RunParams: RunParams{
			Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"}, AssignPublicIP: "ENABLED",
			Strategy: []Placement{
				{Type: "spread", Field: "attribute:ecs.availability-zone", TopologyKey: "topology.kubernetes.io/zone"},
				{Type: "binpack", Field: "memory"},
			},
			Constraints: []Placement{
				{Type: "distinctInstance"},
				{Type: "memberOf", Expression: "attribute:ecs.instance-type in [t3.large, t3.xlarge]",
					Nodes: []NodeRequirement{{"node.kubernetes.io/instance-type", "In", []string{"t3.large", "t3.xlarge"}}}},
			},
			ServiceDiscovery: ServiceDiscovery{
				ContainerName: "web", ContainerPort: 80, Private: DNSNamespace{Name: "corp", VPC: "vpc-1", Description: "d"},
				Service: "shop", Description: "the shop", DNSType: "SRV", TTL: 30, FailureThreshold: 2,
			},
		},
		Kubernetes: Kubernetes{
			Namespace: "shop", ImagePullSecrets: []string{"registry"}, Registry: "ghcr.io/acme", ServiceType: "NodePort", NetworkPolicies: "never", ExternalHosts: map[string]string{"redis": "redis.other.svc"}, NetworkAttachments: map[string]string{"front": "macvlan"}, Models: map[string]string{"llm": "http://ollama:11434/v1"}, Devices: map[string]string{"/dev/fuse": "example.com/fuse"},
			RuntimeClasses: map[string]string{"runsc": "gvisor"}, VolumeDrivers: map[string]string{"rexray/ebs": "gp3"}, BlockIOClasses: map[string]string{"300": "slow"},
			LogDrivers: map[string]KubernetesLogDriver{"gelf": {Annotations: map[string]string{"co.elastic.logs/enabled": "true"}}},
			Services: map[string]KubernetesService{
				"web": {
					Kind: "Deployment", Replicas: p(int32(3)), Liveness: true, ServiceAccount: "web",
					Autoscaling: &KubernetesAutoscaling{Min: 2, Max: 5, CPU: 70, Memory: 75},
					Service:     KubernetesExposure{Type: "ClusterIP", Annotations: map[string]string{"example.com/a": "b"}},
					Ingress: &KubernetesIngress{Host: "*.shop.example.com", Path: "/app", Port: 8080, Class: "nginx", TLSSecret: "shop-tls",
						Annotations: map[string]string{"nginx.ingress.kubernetes.io/rewrite-target": "/"}},
					NodeSelector: map[string]string{"kubernetes.io/os": "linux"},
				},
				"db": {},
			},
			Volumes: map[string]KubernetesVolume{"data": {Size: "20Gi", Class: p("fast"), AccessModes: []string{"ReadWriteOnce"}, Seed: p(true)}, "files": {Class: p("efs-sc")}},
		},
	}
}

func completeTask() TaskDefinition {
	return TaskDefinition{
		NetworkMode: "awsvpc", TaskRoleARN: "arn:aws:iam::1:role/app", ExecutionRole: "ecsTaskExecutionRole",
		TaskSize: TaskSize{CPUMillis: 250, MemoryBytes: 512 << 20}, PIDMode: "task", IPCMode: "host",
		Services: map[string]ServiceParams{
			"web": {
				Essential: p(true), InitProcessEnabled: p(true), CredentialsParameter: "arn:aws:secretsmanager:eu-west-1:1:secret:dockerhub",
				CPUShares: p(int64(100)), MemLimitBytes: p(int64(512 << 20)), MemReservationBytes: p(int64(256 << 20)), GPU: "2",
				HealthCheck: &HealthCheck{Test: []string{"CMD-SHELL", "curl -f http://localhost"}, IntervalSeconds: p(int64(10)),
					TimeoutSeconds: p(int64(15)), Retries: p(int64(5)), StartPeriodSeconds: p(int64(50))},
				Secrets: []Secret{
					{Name: "PASSWORD", ValueFrom: "mysql-pass:password", SecretName: "mysql-pass", SecretKey: "password"},
					{Name: "TOKEN", ValueFrom: "app", SecretName: "app", SecretKey: "TOKEN"},
				},
				LoggingSecretOptions: []Secret{{Name: "splunk-token", ValueFrom: "arn:aws:ssm:eu-west-1:1:parameter/t"}},
				FirelensType:         "fluentbit", FirelensOptions: map[string]string{"enable-ecs-log-metadata": "true"},
				DependsOn: []DependsOn{{Service: "db", Condition: "HEALTHY"}},
			},
			"db":  {HealthCheck: &HealthCheck{Test: []string{"CMD", "mysqladmin", "ping"}}},
			"log": {Essential: p(false)},
		},
		DockerVolumes: []DockerVolume{{Name: "data", Scope: "shared", Autoprovision: p(true), Driver: "local",
			DriverOpts: map[string]string{"type": "nfs"}, Labels: map[string]string{"tier": "db"}}},
		EFSVolumes: []EFSVolume{{Name: "files", FilesystemID: "fs-1", RootDirectory: "/", TransitEncryption: "ENABLED",
			TransitEncryptionPort: 2049, AccessPoint: "fsap-1", IAM: "ENABLED"}},
		Placement: []Placement{{Type: "memberOf", Expression: "attribute:ecs.os-type == linux",
			Nodes: []NodeRequirement{{"kubernetes.io/os", "In", []string{"linux"}}}}},
	}
}

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []Options{{}, {Path: filepath.Join(dir, "none.yml")}} {
		got, diags := Load(o)
		if diff := cmp.Diff(&Params{}, got, ignorePositions); diff != "" || len(diags) > 0 {
			t.Errorf("%+v: %s %v", o, diff, diags)
		}
	}
	_, diags := Load(Options{Path: "none.yml", Required: true})
	if want := "none.yml: error[GTY100]: the file does not exist\n"; printed(diags) != want {
		t.Errorf("got %q, want %q", printed(diags), want)
	}
	_, diags = Load(Options{Path: dir})
	if got := printed(diags); !strings.Contains(got, "error[GTY100]: cannot be read") || strings.Count(got, dir) != 1 {
		t.Errorf("a directory: %q", got)
	}
}

func TestLoadReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ecs-params.yml")
	if err := os.WriteFile(path, []byte("version: 1\ntask_definition:\n  pid_mode: host\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, diags := Load(Options{Path: path, Required: true})
	if len(diags) > 0 || got.TaskDefinition.PIDMode != "host" || got.Pos("task_definition.pid_mode") != (diag.Pos{File: path, Line: 3, Col: 3}) {
		t.Errorf("got %+v, %v", got, diags)
	}
}

func TestEmptyFilesSetNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "{}", "version: 1", "task_definition:\nrun_params:\nkubernetes:\n", "null", "x-anchors: {a: 1}"} {
		got, diags := read(t, text)
		if diff := cmp.Diff(&Params{File: "ecs-params.yml"}, got, ignorePositions, cmpopts.IgnoreFields(Params{}, "Version")); diff != "" || len(diags) > 0 {
			t.Errorf("%q: %s\n%s", text, diff, printed(diags))
		}
	}
}

func TestServiceWithoutBodySetsNothing(t *testing.T) {
	got, diags := read(t, "task_definition:\n  services:\n    web:\n")
	if want := map[string]ServiceParams{"web": {}}; len(diags) > 0 || !cmp.Equal(want, got.TaskDefinition.Services) {
		t.Errorf("got %+v\n%s", got.TaskDefinition.Services, printed(diags))
	}
}

func TestPos(t *testing.T) {
	got, _ := read(t, "version: 1\ntask_definition:\n  services:\n    web:\n      secrets:\n        - name: A\n          value_from: x:y\n")
	for path, want := range map[string]diag.Pos{
		"":                             {File: "ecs-params.yml", Line: 1, Col: 1},
		"version":                      {File: "ecs-params.yml", Line: 1, Col: 1},
		"task_definition.services.web": {File: "ecs-params.yml", Line: 4, Col: 5},
		"task_definition.services.web.secrets[0].value_from": {File: "ecs-params.yml", Line: 7, Col: 11},
		"task_definition.services.web.secrets.0":             {File: "ecs-params.yml", Line: 6, Col: 11},
		"task_definition.services.web.secrets[3].name":       {File: "ecs-params.yml", Line: 5, Col: 7},
		"task_definition.services.web.mem_limit":             {File: "ecs-params.yml", Line: 4, Col: 5},
		"task_definition.services.db":                        {File: "ecs-params.yml", Line: 3, Col: 3},
		"run_params":                                         {File: "ecs-params.yml", Line: 1, Col: 1},
	} {
		if got.Pos(path) != want {
			t.Errorf("Pos(%q) = %v, want %v", path, got.Pos(path), want)
		}
	}
	if !got.Has("task_definition.services.web.secrets[0].name") || got.Has("task_definition.services.web.mem_limit") {
		t.Error("Has is wrong")
	}
}

func TestNilAndZeroParamsHaveNothingSet(t *testing.T) {
	for _, p := range []*Params{nil, {}} {
		if !p.Pos("version").IsZero() || p.Has("version") || p.Exposure("web") != "" || p.Volume("v").Size != "" ||
			p.Service("web").Kind != "" || p.Task("web").GPU != "" {
			t.Errorf("%v has something set", p)
		}
	}
}

func TestExposure(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"run_params: {network_configuration: {awsvpc_configuration: {assign_public_ip: ENABLED}}}", "LoadBalancer"},
		{"run_params: {network_configuration: {awsvpc_configuration: {assign_public_ip: DISABLED}}}", "ClusterIP"},
		{"run_params: {network_configuration: {awsvpc_configuration: {assign_public_ip: ENABLED}}}\nkubernetes: {service_type: NodePort}", "NodePort"},
		{"kubernetes: {service_type: NodePort, services: {web: {service: {type: None}}}}", "None"},
		{"kubernetes: {service_type: NodePort, services: {db: {service: {type: None}}}}", "NodePort"},
	} {
		got, diags := read(t, c.text)
		if got.Exposure("web") != c.want || len(diags) > 0 {
			t.Errorf("%s: %q, want %q\n%s", c.text, got.Exposure("web"), c.want, printed(diags))
		}
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	got, diags := read(t, `
x-base: &base {mem_limit: 64m, essential: false}
x-more: &more
  cpu_shares: 10
  <<: *base
task_definition:
  services:
    web: {<<: *more, mem_limit: 128m}
    db:
      <<: [*base, *more]
      essential: true
`)
	want := map[string]ServiceParams{
		"web": {MemLimitBytes: p(int64(128 << 20)), CPUShares: p(int64(10)), Essential: p(false)},
		"db":  {MemLimitBytes: p(int64(64 << 20)), CPUShares: p(int64(10)), Essential: p(true)},
	}
	if diff := cmp.Diff(want, got.TaskDefinition.Services); diff != "" || len(diags) > 0 {
		t.Errorf("%s\n%s", diff, printed(diags))
	}
	if pos := got.Pos("task_definition.services.db.cpu_shares"); pos.Line != 4 {
		t.Errorf("a merged key is placed at %v", pos)
	}
}

func TestMergesThatMultiplyOrTurnBackEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-0: &a0 {mem_limit: 64m}\n")
	for i, prev := 1, "a0"; i < 18; i++ {
		name := "a" + string(rune('a'+i))
		b.WriteString("x-" + name + ": &" + name + " {<<: [" + strings.Repeat("*"+prev+", ", 8) + "*" + prev + "]}\n")
		prev = name
	}
	b.WriteString("task_definition: {services: {web: {<<: *ar}}}\n")
	for _, text := range []string{b.String(), "task_definition: &t {<<: *t}", "&t {<<: [*t, *t]}"} {
		if _, diags := read(t, text); !diags.HasErrors() {
			t.Errorf("%.60s: no error", text)
		}
	}
}

func TestVariables(t *testing.T) {
	got, diags := read(t, `
task_definition:
  task_role_arn: "${UNSET-}"
  services:
    $NAME:
      mem_limit: $MEM
      mem_reservation: ${EMPTY:-64m}
      cpu_shares: ${UNSET:-${CPU:-12}}
      healthcheck: {test: "echo $$HOME ${EMPTY-x}"}
      secrets: [{name: A, value_from: "${NAME}:key"}]
`)
	want := map[string]ServiceParams{"web": {
		MemLimitBytes: p(int64(256 << 20)), MemReservationBytes: p(int64(64 << 20)), CPUShares: p(int64(12)),
		HealthCheck: &HealthCheck{Test: []string{"CMD-SHELL", "echo $HOME "}},
		Secrets:     []Secret{{Name: "A", ValueFrom: "web:key", SecretName: "web", SecretKey: "key"}},
	}}
	if diff := cmp.Diff(want, got.TaskDefinition.Services); diff != "" || len(diags) > 0 {
		t.Errorf("%s\n%s", diff, printed(diags))
	}
}

func TestFaultsShowTheVariableNotItsValue(t *testing.T) {
	lookup := func(string) (string, bool) { return "hunter2", true }
	text := "version: 1\ntask_definition: {services: {web: {mem_limit: $PW}}}\nkubernetes: {namespace: Bad$PW, service_type: $PW}\n"
	_, diags := Read([]byte(text), Options{Path: "ecs-params.yml", Lookup: lookup})
	if diags.Count(diag.Error) != 3 {
		t.Errorf("want 3 errors: %v", diags)
	}
	for _, d := range diags {
		if strings.Contains(d.String(), "hunter2") {
			t.Errorf("a value is shown: %s", d)
		}
	}
}
