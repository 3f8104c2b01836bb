package render

import (
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

func TestKindOfWorkload(t *testing.T) {
	cases := []struct{ name, service, want string }{
		{"a server", `{image: x, ports: ["80"]}`, "Deployment"},
		{"nothing said", `{image: x}`, "Deployment"},
		{"restarted", `{image: x, restart: always}`, "Deployment"},
		{"not restarted", `{image: x, restart: "no"}`, "Job"},
		{"retried", `{image: x, restart: "on-failure:3"}`, "Job"},
		{"worker of a stack", `{image: x, deploy: {mode: replicated, restart_policy: {condition: on-failure}}}`, "Deployment"},
		{"workers", `{image: x, restart: on-failure, deploy: {replicas: 2}}`, "Deployment"},
		{"run twice", `{image: x, restart: "no", deploy: {replicas: 2}}`, "Job"},
		{"updated", `{image: x, deploy: {update_config: {parallelism: 1}, restart_policy: {condition: on-failure}}}`, "Deployment"},
		{"retried by deploy", `{image: x, deploy: {restart_policy: {condition: on-failure}}}`, "Job"},
		{"deploy wins over restart", `{image: x, restart: "no", deploy: {restart_policy: {condition: any}}}`, "Deployment"},
		{"serves without restart", `{image: x, restart: "no", expose: ["80"]}`, "Deployment"},
		{"healthy without restart", `{image: x, restart: "no", healthcheck: {test: a}}`, "Deployment"},
		{"disabled healthcheck", `{image: x, restart: "no", healthcheck: {disable: true}}`, "Job"},
		{"global", `{image: x, deploy: {mode: global}}`, "DaemonSet"},
		{"replicated job", `{image: x, deploy: {mode: replicated-job}}`, "Job"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set, _ := renderCompose(t, "services: {s: "+c.service+"}")
			if got := set.Services[0].Workload.GroupKind.Kind; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParamsDecideTheKind(t *testing.T) {
	par := params.Params{Kubernetes: params.Kubernetes{Services: map[string]params.KubernetesService{
		"a": {Kind: "StatefulSet"}, "b": {Kind: "Job"}, "c": {Kind: "CronJob"}, "d": {Kind: "Deployment"},
	}}}
	r := renderText(t, `services:
  a: {image: x}
  b: {image: x, ports: ["80:80"]}
  c: {image: x}
  d: {image: x, restart: "no"}
  e: {image: x, depends_on: {d: {condition: service_completed_successfully}}}`, &par, nil)
	r.expect("StatefulSet", "a", "spec.podManagementPolicy", `"Parallel"`)
	r.expect("Job", "b", "spec.template.spec.restartPolicy", `"Never"`)
	r.expectErrors(string(diag.CodeNoSchedule) + " " + string(diag.CodeDependencyKind))
}

func TestAwaitedServiceIsAJobThatRetries(t *testing.T) {
	r := renderText(t, `services:
  migrate: {image: x, restart: always, ports: ["80:80"]}
  web: {image: x, depends_on: {migrate: {condition: service_completed_successfully}}}`, nil, nil)
	r.expectErrors("")
	r.expect("Job", "migrate", "spec.template.spec.restartPolicy", `"OnFailure"`)
}

func TestCycleThroughParamsIsReported(t *testing.T) {
	par := params.Params{TaskDefinition: params.TaskDefinition{Services: map[string]params.ServiceParams{
		"a": {DependsOn: []params.DependsOn{{Service: "b", Condition: "START"}}},
	}}}
	r := renderText(t, `services: {a: {image: x}, b: {image: x, depends_on: [a]}}`, &par, nil)
	r.expectErrors(string(diag.CodeDependencyCycle))
}

func TestLongNameOfACronJob(t *testing.T) {
	set, _ := renderCompose(t, `jobs: {a-name-that-leaves-no-room-for-the-time-at-the-end-of-jobs: {image: x, triggers: {schedule: ["@daily"]}}}`)
	for _, o := range set.Objects {
		if o.GetKind() == KindCronJob && (len(o.GetName()) > maxCronJobName || o.GetName() != set.Services[0].Workload.Name) {
			t.Errorf("CronJob %s, summary %s", o.GetName(), set.Services[0].Workload.Name)
		}
	}
}
