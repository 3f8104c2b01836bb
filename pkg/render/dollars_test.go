package render

import (
	"context"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/compose"
)

// TestFilesAndHooksKeepTheirDollars: nothing expands the data of ConfigMaps and
// Secrets or the handlers of a container's life, so that nothing is escaped
// there; the kubelet expands the command of a pre_start hook's own container,
// so that it is.
func TestFilesAndHooksKeepTheirDollars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "x" + dollars().Draw(t, "text")
		service := types.ServiceConfig{Name: "s"}
		service.Image = "x"
		service.PostStart = []types.ServiceHook{{Command: types.ShellCommand{"a", text}}}
		service.PreStop = []types.ServiceHook{{Command: types.ShellCommand{"a", text}}}
		hook := types.PreStartHook{}
		hook.Image, hook.Command = "x", types.ShellCommand{"a", text}
		service.PreStart = []types.PreStartHook{hook}
		service.Configs = []types.ServiceConfigObjConfig{{Source: "c", Target: "/c"}}
		service.Secrets = []types.ServiceSecretConfig{{Source: "k", Target: "/k"}}
		set, list := Render(context.Background(), compose.NewProject(&types.Project{
			Name: "p", Services: types.Services{"s": service},
			Configs: types.Configs{"c": {Content: text}}, Secrets: types.Secrets{"k": {Content: text}},
		}), nil, Options{})
		if list.HasErrors() {
			t.Fatalf("%v", list)
		}
		got := map[string]string{}
		for _, o := range set.Objects {
			readTexts(t, o, got)
		}
		want := map[string]string{"ConfigMap": text, "Secret": text, "postStart": text, "preStop": text, "Job": text}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// readTexts notes the texts that an object holds, as a container would get them.
func readTexts(t rapid.TB, o Object, got map[string]string) {
	convert := func(to any) {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, to); err != nil {
			t.Fatalf("%v", err)
		}
	}
	switch o.GetKind() {
	case "ConfigMap":
		var m corev1.ConfigMap
		convert(&m)
		for _, value := range m.Data {
			got["ConfigMap"] = value
		}
	case "Secret":
		var s corev1.Secret
		convert(&s)
		for _, value := range s.Data {
			got["Secret"] = string(value)
		}
	case "Deployment":
		var d appsv1.Deployment
		convert(&d)
		life := d.Spec.Template.Spec.Containers[0].Lifecycle
		got["postStart"], got["preStop"] = life.PostStart.Exec.Command[1], life.PreStop.Exec.Command[1]
	case "Job":
		var j batchv1.Job
		convert(&j)
		got["Job"] = kubeletExpand(j.Spec.Template.Spec.Containers[0].Args[1], nil)
	}
}
