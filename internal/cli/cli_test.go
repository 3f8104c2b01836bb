package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/manifest"
)

// harness is a factory in a folder of its own, with its output.
type harness struct {
	*Factory
	out, err bytes.Buffer
	dir      string
}

func newHarness(t *testing.T, environ ...string) *harness {
	t.Helper()
	h := &harness{dir: t.TempDir()}
	h.Factory = NewFactory(Process{
		Streams: ui.Streams{In: strings.NewReader(""), Out: &h.out, Err: &h.err},
		Environ: append([]string{"XDG_CONFIG_HOME=" + h.dir}, environ...),
		Dir:     h.dir,
	})
	t.Setenv("KUBECONFIG", filepath.Join(h.dir, "kubeconfig"))
	return h
}

// parse runs the command line up to the verb's run, which is cut out.
func (h *harness) parse(t *testing.T, line string) (*cobra.Command, error) {
	t.Helper()
	root := NewCmdRoot(h.Factory)
	cut(root)
	root.SetArgs(strings.Fields(line))
	return root.ExecuteC()
}

func cut(cmd *cobra.Command) {
	if !cmd.HasSubCommands() {
		cmd.RunE = func(*cobra.Command, []string) error { return nil }
	}
	for _, child := range cmd.Commands() {
		cut(child)
	}
}

func TestSharedFlagsBeforeAndAfterTheVerb(t *testing.T) {
	want := projectFlags{Files: stringList{"a.yml", "b.yml"}, Name: "shop", Profiles: stringList{"x", "y"}, Params: "p.yml", Kustomization: "k"}
	lines := []string{
		"compose -f a.yml -f b.yml -p shop --profile x --profile y --params p.yml -k k up",
		"compose up -f a.yml -f b.yml -p shop --profile x --profile y --ecs-params p.yml -k k",
		"compose -f a.yml --profile x service -p shop up --file=b.yml --profile y --params=p.yml --kustomization k",
		"compose --project-name shop service --file a.yml up -f b.yml --profile x --profile y --ecs-params p.yml -k=k",
	}
	for _, line := range lines {
		h := newHarness(t)
		if _, err := h.parse(t, line); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if diff := cmp.Diff(want, h.Project); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

func TestClusterFlagsAtEveryLevel(t *testing.T) {
	want := clusterFlags{Context: "ctx", Namespace: "ns", Target: "tutorial"}
	for _, line := range []string{
		"--context ctx -n ns --cluster-config tutorial compose service ps",
		"--context ctx compose -n ns service --cluster-config tutorial ps",
		"compose service ps --context ctx --namespace ns --cluster-config tutorial",
	} {
		h := newHarness(t)
		if _, err := h.parse(t, line); err != nil || h.Cluster != want {
			t.Errorf("%s: got %+v, %v", line, h.Cluster, err)
		}
	}
}

func TestAVerbsOwnShorthandWins(t *testing.T) {
	h := newHarness(t)
	cmd, err := h.parse(t, "compose -f a.yml logs -f -n 5 web")
	if err != nil {
		t.Fatal(err)
	}
	if follow, _ := cmd.Flags().GetBool("follow"); !follow {
		t.Error("-f after logs must follow")
	}
	if tail, _ := cmd.Flags().GetString("tail"); tail != "5" {
		t.Errorf("tail = %q", tail)
	}
	if diff := cmp.Diff(stringList{"a.yml"}, h.Project.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestTutorialCommandLinesParse(t *testing.T) {
	for _, line := range []string{
		"configure --cluster tutorial --default-launch-type FARGATE --config-name tutorial --region us-west-2",
		"configure profile --access-key A --secret-key S --profile-name tutorial-profile",
		"up --cluster-config tutorial --ecs-profile tutorial-profile",
		"compose --project-name tutorial service up --create-log-groups --cluster-config tutorial --ecs-profile tutorial-profile",
		"compose --project-name tutorial service ps --cluster-config tutorial --ecs-profile tutorial-profile",
		"logs --task-id 0c2862e6e39e4eff92ca3e4f843c5b9a --follow --cluster-config tutorial --ecs-profile tutorial-profile",
		"compose --project-name tutorial service scale 2 --cluster-config tutorial --ecs-profile tutorial-profile",
		"compose --project-name tutorial service down --cluster-config tutorial --ecs-profile tutorial-profile",
		"compose --project-name tutorial service rm --cluster-config tutorial",
		"compose --project-name tutorial service delete --cluster-config tutorial",
		"down --force --cluster-config tutorial --ecs-profile tutorial-profile",
		"ps --cluster-config tutorial --desired-status RUNNING",
		"compose service create --launch-type FARGATE --tags a=b --deployment-max-percent 200",
		"compose service start --timeout 0.5 --force-deployment",
		"compose service up --target-groups targetGroupArn=x,containerName=y,containerPort=80 --timeout 10",
	} {
		if _, err := newHarness(t).parse(t, line); err != nil {
			t.Errorf("gantry %s: %v", line, err)
		}
	}
}

func TestDockerCommandLinesParse(t *testing.T) {
	for _, line := range []string{
		"compose up -d --build --remove-orphans --force-recreate --quiet-pull web",
		"compose up --wait --wait-timeout 60 --scale web=3 --no-deps -y --pull always",
		"compose down -v --remove-orphans --rmi local -t 10",
		"compose ps -a --format json --filter status=running --no-trunc --orphans=false",
		"compose logs -f -n 10 -t --since 10m --until 5m --no-color --no-log-prefix --index 1 web db",
		"compose stop -t 5 web", "compose restart -t 5 --no-deps web", "compose start web",
		"compose rm -f -s -v web", "compose config -q", "compose create --no-recreate", "compose ls -a -q",
		"compose --progress plain --ansi never --parallel 4 --compatibility --all-resources up",
	} {
		if _, err := newHarness(t).parse(t, line); err != nil {
			t.Errorf("gantry %s: %v", line, err)
		}
	}
}

func TestWaitTime(t *testing.T) {
	tests := []struct {
		unit  time.Duration
		text  string
		want  time.Duration
		fails bool
	}{
		{time.Minute, "5", 5 * time.Minute, false},
		{time.Minute, "0.2", 12 * time.Second, false},
		{time.Minute, "90s", 90 * time.Second, false},
		{time.Minute, "0", 0, false},
		{time.Second, "60", time.Minute, false},
		{time.Minute, "-1", 0, true},
		{time.Minute, "soon", 0, true},
	}
	for _, test := range tests {
		w := waitTime{unit: test.unit}
		err := w.Set(test.text)
		if (err != nil) != test.fails || !test.fails && (w.Duration != test.want || !w.set) {
			t.Errorf("%q: got %v, %v", test.text, w.Duration, err)
		}
	}
}

func TestUpWaits(t *testing.T) {
	tests := []struct {
		line string
		want apply.Options
	}{
		{"compose up", apply.Options{Wait: true, Timeout: defaultTimeout}},
		{"compose up -d", apply.Options{Wait: true, Timeout: defaultTimeout}},
		{"compose up --no-wait", apply.Options{}},
		{"compose up --wait=false", apply.Options{}},
		{"compose up --timeout 0", apply.Options{}},
		{"compose up --timeout 0.5", apply.Options{Wait: true, Timeout: 30 * time.Second}},
		{"compose up --wait-timeout 90", apply.Options{Wait: true, Timeout: 90 * time.Second}},
		{"compose up --no-start", apply.Options{}},
	}
	for _, test := range tests {
		h := newHarness(t)
		o := &upOptions{f: h.Factory}
		cmd := newCmdUp(h.Factory, o)
		if err := cmd.ParseFlags(strings.Fields(test.line)[2:]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, o.applyOptions()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.line, diff)
		}
	}
}

func TestExitCodes(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	tests := []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{context.Background(), nil, 0},
		{context.Background(), errors.New("x"), 1},
		{context.Background(), usagef("x"), 2},
		{context.Background(), fmt.Errorf("wrapped: %w", errDiagnostics), 3},
		{context.Background(), errDiffers, 4},
		{context.Background(), errNotReady, 5},
		{context.Background(), exitStatus(7), 7},
		{interrupted, context.Canceled, 130},
		{interrupted, nil, 0},
	}
	for _, test := range tests {
		if got := exitCodeOf(test.ctx, test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

func TestAPanicEndsAsAMessage(t *testing.T) {
	h := newHarness(t)
	h.Executable = func() (string, error) { panic("boom") }
	if code := h.execute(context.Background(), []string{"local", "up"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if got := h.err.String(); !strings.Contains(got, "internal error: boom") || strings.Contains(got, "goroutine") {
		t.Errorf("got %q", got)
	}
}

func TestTargetPrecedence(t *testing.T) {
	setup := func(h *harness) {
		file := mustConfig(t, h)
		for _, target := range []config.Target{
			{Name: "base", Context: "base-ctx", Namespace: "base-ns"}, {Name: "prod", Context: "prod-ctx", Cluster: "shop"}, {Name: "bare", Cluster: "bare"},
		} {
			if err := file.SetTarget(target); err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Save(); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, env string
		flags     clusterFlags
		want      config.Target
	}{
		{"default", "", clusterFlags{}, config.Target{Name: "base", Context: "base-ctx", Namespace: "base-ns"}},
		{"environment", "prod", clusterFlags{}, config.Target{Name: "prod", Context: "prod-ctx", Cluster: "shop"}},
		{"flag over environment", "base", clusterFlags{Target: "prod"}, config.Target{Name: "prod", Context: "prod-ctx", Cluster: "shop"}},
		{"context over all", "base", clusterFlags{Target: "prod", Context: "c"}, config.Target{Context: "c"}},
		{"cluster", "", clusterFlags{Cluster: "shop"}, config.Target{Name: "prod", Context: "prod-ctx", Cluster: "shop"}},
		{"namespace", "", clusterFlags{Target: "prod", Namespace: "n"}, config.Target{Name: "prod", Context: "prod-ctx", Cluster: "shop", Namespace: "n"}},
		{"kubeconfig alone leaves the default target", "", clusterFlags{Kubeconfig: "k"}, config.Target{Kubeconfig: "k"}},
		{"a target without context has the default's", "", clusterFlags{Target: "bare"}, config.Target{Name: "bare", Context: "base-ctx", Cluster: "bare"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t, envTarget+"="+test.env)
			setup(h)
			h.Cluster = test.flags
			got, err := h.target()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func mustConfig(t *testing.T, h *harness) *config.File {
	t.Helper()
	file, err := h.config()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWithoutAnyConfigurationTheKubeconfigDecides(t *testing.T) {
	h := newHarness(t)
	got, err := h.target()
	if diff := cmp.Diff(config.Target{}, got); diff != "" || err != nil {
		t.Errorf("err %v (-want +got):\n%s", err, diff)
	}
}

func TestParamsAreFoundHereThenBesideTheFile(t *testing.T) {
	h := newHarness(t)
	sub := filepath.Join(h.dir, "app")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := h.findParams(h.dir, sub); got != "" {
		t.Errorf("nothing there: got %q", got)
	}
	write(t, filepath.Join(sub, "ecs-params.yml"))
	if got, want := h.findParams(h.dir, sub), filepath.Join("app", "ecs-params.yml"); got != want {
		t.Errorf("beside the file: got %q, want %q", got, want)
	}
	write(t, filepath.Join(h.dir, "ecs-params.yml"))
	if got := h.findParams(h.dir, sub); got != "ecs-params.yml" {
		t.Errorf("here first: got %q", got)
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSecretPolicy(t *testing.T) {
	h := newHarness(t)
	if got := h.secretPolicy(""); got != manifest.Inline {
		t.Errorf("into a pipe: %s", got)
	}
	h.UI.OutTTY = true
	if got := h.secretPolicy(""); got != manifest.Omit {
		t.Errorf("on a terminal: %s", got)
	}
	if got := h.secretPolicy(manifest.Inline); got != manifest.Inline {
		t.Errorf("asked for: %s", got)
	}
}

func TestPointInTime(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time
	}{
		{"10m", now.Add(-10 * time.Minute)},
		{"2026-01-31T11:00:00Z", now.Add(-time.Hour)},
		{"1769860800", time.Unix(1769860800, 0)},
		{"", time.Time{}},
	}
	for _, test := range tests {
		if got, err := pointInTime("since", test.text, now); err != nil || !got.Equal(test.want) {
			t.Errorf("%q: got %v, %v", test.text, got, err)
		}
	}
	if _, err := pointInTime("since", "yesterday", now); exitCodeOf(context.Background(), err) != exitUsage {
		t.Errorf("yesterday: got %v", err)
	}
}

func TestParseScale(t *testing.T) {
	got, err := parseScale([]string{"web=3", "db=0"})
	if diff := cmp.Diff(map[string]int{"web": 3, "db": 0}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, word := range []string{"web", "web=", "=3", "web=x", "web=-1"} {
		if _, err := parseScale([]string{word}); err == nil {
			t.Errorf("%q must be refused", word)
		}
	}
}

func TestStrictMakesErrorsOfWarnings(t *testing.T) {
	h := newHarness(t)
	list := diag.List{{Code: "GTY999", Severity: diag.Warning, Message: "m"}}
	if err := h.show(list); err != nil {
		t.Errorf("a warning is no error: %v", err)
	}
	h.Project.Strict = true
	if err := h.show(list); !errors.Is(err, errDiagnostics) {
		t.Errorf("strict: got %v", err)
	}
}

func TestEveryVerbIsDocumented(t *testing.T) {
	for _, d := range Docs() {
		if d.Short == "" || strings.HasSuffix(d.Short, ".") {
			t.Errorf("%s: short text %q", d.Path, d.Short)
		}
		if len(d.Children) == 0 && d.Example == "" && !strings.Contains(d.Short, "ecs-cli") && d.Path != "gantry configure list" {
			t.Errorf("%s has no example", d.Path)
		}
		for _, flag := range d.Flags {
			if flag.Usage == "" {
				t.Errorf("%s: --%s has no text", d.Path, flag.Name)
			}
		}
	}
}

func TestTaskLogsKeepTheNamespacesLetter(t *testing.T) {
	h := newHarness(t)
	if _, err := h.parse(t, "logs -n tut --task-id abc --follow"); err != nil || h.Cluster.Namespace != "tut" {
		t.Errorf("namespace %q, %v", h.Cluster.Namespace, err)
	}
}
