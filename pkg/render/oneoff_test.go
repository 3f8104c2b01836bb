package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func oneOffSet(t *testing.T) (Set, Service) {
	t.Helper()
	set := Set{Project: "shop", Services: []Service{{Name: "db"}}}
	for _, text := range []string{`
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  template:
    metadata:
      labels: {com.docker.compose.project: shop, com.docker.compose.service: web, net.example/front: "true"}
      annotations: {note: kept}
    spec:
      restartPolicy: Always
      affinity: {podAntiAffinity: {}}
      initContainers:
      - {name: seed, image: seed}
      - {name: proxy, image: proxy, restartPolicy: Always}
      containers:
      - name: web
        image: web:1
        command: [serve]
        args: ["--all"]
        env: [{name: A, value: "1"}, {name: B, value: "2"}]
        ports: [{containerPort: 80, hostPort: 80}]
        readinessProbe: {exec: {command: ["true"]}}
        volumeMounts: [{name: data, mountPath: /data}]
      - {name: member, image: member}
  volumeClaimTemplates:
  - metadata: {name: data}
`, "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-page}}", "{apiVersion: v1, kind: Service, metadata: {name: web}}"} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		set.Objects = append(set.Objects, Object{Unstructured: o, Service: "web"})
	}
	web := Service{Name: "web", Container: "web", Workload: Ref{schema.GroupKind{Group: "apps", Kind: KindStatefulSet}, "web"}}
	set.Services = append(set.Services, web)
	return set, web
}

func TestOneOffPodIsLikeItsServiceButAlone(t *testing.T) {
	set, web := oneOffSet(t)
	user := int64(5)
	pod, err := OneOffPod(set, web, OneOffOptions{Name: "web-run-1", Command: []string{"echo", "$A"}, Env: []string{"B=$x=y", "C="}, User: &user, Add: []string{"CAP_NET_ADMIN"}, Stdin: true})
	if err != nil {
		t.Fatal(err)
	}
	if labels.SelectorFromSet(selectorLabels("shop", "web")).Matches(labels.Set(pod.Labels)) {
		t.Errorf("a Service would select %v", pod.Labels)
	}
	if pod.Labels["net.example/front"] != "true" || pod.Labels[LabelOneOff] != OneOff || pod.Annotations[AnnotationName] != "web" || pod.Annotations["note"] != "kept" {
		t.Errorf("labels %v, annotations %v", pod.Labels, pod.Annotations)
	}
	want := corev1.PodSpec{
		RestartPolicy:  corev1.RestartPolicyNever,
		Affinity:       &corev1.Affinity{},
		InitContainers: []corev1.Container{{Name: "seed", Image: "seed"}},
		Containers: []corev1.Container{{
			Name: "web", Image: "web:1", Command: []string{"serve"}, Args: []string{"echo", "$$A"}, Stdin: true, StdinOnce: true,
			Env:             []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "$$x=y"}, {Name: "C"}},
			Ports:           []corev1.ContainerPort{{ContainerPort: 80}},
			VolumeMounts:    []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
			SecurityContext: &corev1.SecurityContext{RunAsUser: &user, Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}},
		}},
		Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-web-0"}}}},
	}
	if diff := cmp.Diff(want, pod.Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOneOffPodMayBeReached(t *testing.T) {
	set, web := oneOffSet(t)
	pod, err := OneOffPod(set, web, OneOffOptions{Name: "web-run-1", Reachable: true, Entrypoint: []string{"sh"}})
	if err != nil {
		t.Fatal(err)
	}
	if !labels.SelectorFromSet(selectorLabels("shop", "web")).Matches(labels.Set(pod.Labels)) {
		t.Errorf("no Service would select %v", pod.Labels)
	}
	if c := pod.Spec.Containers[0]; c.Args != nil || cmp.Diff([]string{"sh"}, c.Command) != "" {
		t.Errorf("%v %v: the service's command does not go with another entrypoint", c.Command, c.Args)
	}
}

func TestBesideLeavesWhatAPodNeeds(t *testing.T) {
	set, _ := oneOffSet(t)
	left := Beside(set, "web")
	if len(left.Objects) != 1 || left.Objects[0].GetKind() != "ConfigMap" || len(left.Services) != 1 || left.Services[0].Name != "db" {
		t.Errorf("%v %v", left.Objects, left.Services)
	}
	if len(set.Objects) != 3 || len(set.Services) != 2 {
		t.Error("the set was changed")
	}
}
