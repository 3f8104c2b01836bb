package podsecurity

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Finding is what the Pod Security Standards say of one service.
type Finding struct {
	Service render.Service
	// Level is the strictest level that the service's pods meet: restricted,
	// baseline or privileged.
	Level api.Level
	// Reasons are why they do not meet the next stricter one, in the words of
	// the admission of Kubernetes; empty for restricted.
	Reasons []string
}

// Findings judges the pods of every service of the set, in its order. Services
// that share a pod share its level.
func Findings(set render.Set) ([]Finding, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	templates := map[render.Ref]*corev1.PodTemplateSpec{}
	for _, o := range set.Objects {
		template, ok, err := podTemplate(o.Unstructured)
		if err != nil {
			return nil, err
		}
		if ok {
			templates[render.RefOf(o.Unstructured)] = template
		}
	}
	var out []Finding
	for _, s := range set.Services {
		if template := templates[s.Workload]; template != nil {
			level, reasons := judge(evaluator, template)
			out = append(out, Finding{Service: s, Level: level, Reasons: reasons})
		}
	}
	return out, nil
}

// Check returns a remark for each service with the level that its pods meet and
// what keeps them from the next, and one at each attribute of the project (nil:
// not known) that does.
func Check(set render.Set, p *compose.Project) diag.List {
	findings, err := Findings(set)
	if err != nil {
		return diag.List{diag.New(diag.CodeInternal, diag.Pos{}, "", "cannot judge the pods: %v", err)}
	}
	var out diag.List
	for _, f := range findings {
		if f.Level == api.LevelRestricted {
			out.Add(diag.New(diag.CodePodSecurity, f.Service.Pos, f.Service.Path, "meets the Pod Security level restricted"))
			continue
		}
		d := diag.New(diag.CodePodSecurity, f.Service.Pos, f.Service.Path, "meets the Pod Security level %s, not %s: %s", f.Level, f.next(), strings.Join(f.Reasons, "; "))
		if advice := f.advice(); advice != "" {
			d = d.WithHint("for %s, %s", f.next(), advice)
		}
		out.Add(d)
		out.Add(f.causes(p)...)
	}
	return out
}

// judge returns the strictest level and why the next is not met.
func judge(e policy.Evaluator, template *corev1.PodTemplateSpec) (api.Level, []string) {
	reasons := map[api.Level][]string{}
	for _, level := range []api.Level{api.LevelRestricted, api.LevelBaseline} {
		results := e.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec)
		for _, r := range results {
			if !r.Allowed {
				reasons[level] = append(reasons[level], r.ForbiddenReason)
			}
		}
		if len(reasons[level]) == 0 {
			if level == api.LevelRestricted {
				return level, nil
			}
			return level, reasons[api.LevelRestricted]
		}
	}
	return api.LevelPrivileged, reasons[api.LevelBaseline]
}

// podTemplate returns the pod template of a workload; false for other objects.
func podTemplate(o *unstructured.Unstructured) (*corev1.PodTemplateSpec, bool, error) {
	path := []string{"spec", "template"}
	if o.GetKind() == render.KindCronJob {
		path = []string{"spec", "jobTemplate", "spec", "template"}
	}
	content, ok, err := unstructured.NestedMap(o.Object, path...)
	if spec, _ := content["spec"].(map[string]any); !ok || err != nil || spec["containers"] == nil {
		return nil, false, nil
	}
	out := &corev1.PodTemplateSpec{}
	err = runtime.DefaultUnstructuredConverter.FromUnstructured(content, out)
	return out, err == nil, err
}
