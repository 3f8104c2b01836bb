package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// kubeconfigEnv names the cluster of the tests that need a real one.
const kubeconfigEnv = "GANTRY_E2E_KUBECONFIG"

// simulate is the annotation by which a simulated node makes a pod fail.
const simulate = "gantry.dev/simulate"

// testbed is a namespace of its own on a real API server.
type testbed struct {
	*testing.T
	client *Client
}

func newTestbed(t *testing.T) testbed {
	t.Helper()
	path := os.Getenv(kubeconfigEnv)
	if path == "" {
		t.Skip(kubeconfigEnv + " is not set: `gantry local up` gives a cluster")
	}
	c, err := Connect(Config{Kubeconfig: path, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ns, err := c.Kube().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "gantry-cluster-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Kube().CoreV1().Namespaces().Delete(context.Background(), ns.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return testbed{t, c.In(ns.Name)}
}

func serviceMeta(service string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: service, Labels: map[string]string{
		render.LabelProject: "shop", render.LabelService: service, render.LabelManagedBy: render.ManagedBy,
	}}
}

func template(service, failure string) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{ObjectMeta: serviceMeta(service)}
	t.Name = ""
	if failure != "" {
		t.Annotations = map[string]string{simulate: failure}
	}
	t.Spec.Containers = []corev1.Container{{Name: service, Image: "example/" + service + ":1", Ports: []corev1.ContainerPort{{ContainerPort: 80}}}}
	return t
}

// deploy makes a Deployment of a service.
func (b testbed) deploy(service string, replicas int32, failure string, changes ...func(*appsv1.Deployment)) {
	b.Helper()
	d := &appsv1.Deployment{ObjectMeta: serviceMeta(service)}
	d.Spec.Replicas, d.Spec.Template = &replicas, template(service, failure)
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{render.LabelProject: "shop", render.LabelService: service}}
	for _, change := range changes {
		change(d)
	}
	if _, err := b.client.Kube().AppsV1().Deployments(b.client.Namespace()).Create(b.Context(), d, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
}

// eventually asks again until the answer is yes; the cluster acts in its own time.
func (b testbed) eventually(what string, answer func() (bool, string)) {
	b.Helper()
	said := ""
	for range 200 {
		ok, now := answer()
		if ok {
			return
		}
		said = now
		if !sleep(b.Context(), 100*time.Millisecond) {
			break
		}
	}
	b.Fatalf("not in time: %s; last: %s", what, said)
}

func (b testbed) ps(o PSOptions) Listing {
	b.Helper()
	l, err := PS(b.Context(), b.client, "shop", o)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// awaitStates waits until the rows are NAME STATE.
func (b testbed) awaitStates(o PSOptions, want ...string) Listing {
	b.Helper()
	var l Listing
	b.eventually(fmt.Sprintf("ps shows %v", want), func() (bool, string) {
		l = b.ps(o)
		var got []string
		for _, c := range l.Containers {
			got = append(got, c.Name+" "+c.State)
		}
		return cmp.Equal(want, got), fmt.Sprint(got)
	})
	return l
}

func TestE2EListing(t *testing.T) {
	b := newTestbed(t)
	b.deploy("web", 2, "")
	b.deploy("idle", 0, "")
	svc := newService(corev1.ServiceTypeNodePort, corev1.ServicePort{Port: 80, Protocol: corev1.ProtocolTCP})
	svc.Namespace, svc.Spec.Selector = "", map[string]string{render.LabelProject: "shop", render.LabelService: "web"}
	made, err := b.client.Kube().CoreV1().Services(b.client.Namespace()).Create(t.Context(), &svc, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := b.awaitStates(PSOptions{}, "shop-idle created", "shop-web-1 running", "shop-web-2 running")
	port := fmt.Sprintf(":%d->80/tcp", made.Spec.Ports[0].NodePort)
	if got := l.Containers[1]; !strings.HasSuffix(got.Ports, port) || strings.HasPrefix(got.Ports, ":") || got.Image != "example/web:1" || got.Node == "" {
		t.Errorf("row %+v", got)
	}
	if len(l.Endpoints) != 1 || l.Endpoints[0].Via != "NodePort" || l.Endpoints[0].Pending() {
		t.Errorf("endpoints %+v", l.Endpoints)
	}
	rows, err := Tasks(t.Context(), b.client, "shop", TaskOptions{Cluster: "tutorial", DesiredStatus: DesiredRunning})
	if err != nil || len(rows) != 2 {
		t.Fatalf("tasks %+v, %v", rows, err)
	}
	for _, row := range rows {
		if row.Name != "tutorial/"+row.TaskID+"/web" || len(row.TaskID) != 32 || row.State != "RUNNING" || !strings.HasSuffix(row.Ports, "->80/tcp") || row.TaskDefinition != "shop-web:1" {
			t.Errorf("task %+v", row)
		}
	}
	r, err := Find(t.Context(), b.client, "shop", "web", 2)
	if err != nil || r.Label() != "web-2" || r.Pod.Name != l.Containers[2].Pod {
		t.Errorf("find web 2 = %s, %v", r.Label(), err)
	}
	_, err = PS(t.Context(), b.client, "shop", PSOptions{Services: []string{"wep"}})
	wantDiagnostic(t, err, diag.ServiceUnknown, "no such service: wep", "web")
}

func TestE2EProjectsAndEvents(t *testing.T) {
	b := newTestbed(t)
	b.deploy("web", 1, "")
	b.deploy("bad", 1, "imagepull")
	b.awaitStates(PSOptions{}, "shop-bad-1 created", "shop-web-1 running")
	secret, err := plan.EncodeInventory(plan.Inventory{Project: "gone", Files: []string{"compose.yaml", "prod.yaml"}}, b.client.Namespace())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.Kube().CoreV1().Secrets(b.client.Namespace()).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := Projects(t.Context(), b.client, ProjectOptions{All: true, Namespace: b.client.Namespace()})
	if err != nil || len(rows) != 2 {
		t.Fatalf("projects %+v, %v", rows, err)
	}
	if rows[0].Name != "gone" || rows[0].Status != "" || rows[0].ConfigFiles != "compose.yaml,prod.yaml" || rows[1].Name != "shop" || rows[1].Status != "created(1), running(1)" || rows[1].Services != 2 {
		t.Errorf("projects %+v", rows)
	}
	all, err := Projects(t.Context(), b.client, ProjectOptions{})
	if err != nil || !containsProject(all, "shop", b.client.Namespace()) || containsProject(all, "gone", b.client.Namespace()) {
		t.Errorf("projects of the cluster %+v, %v", all, err)
	}
	b.eventually("the failed pull is an event of service bad", func() (bool, string) {
		events, err := Events(t.Context(), b.client, "shop", EventOptions{Services: []string{"bad"}, Warnings: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Service == "bad" && strings.HasPrefix(e.Object, "Pod/bad-") && !e.Time.IsZero() {
				return true, ""
			}
		}
		return false, fmt.Sprint(events)
	})
}

func containsProject(rows []Project, name, namespace string) bool {
	for _, p := range rows {
		if p.Name == name && p.Namespace == namespace {
			return true
		}
	}
	return false
}

func TestE2EDiagnose(t *testing.T) {
	b := newTestbed(t)
	unplaceable := func(d *appsv1.Deployment) { d.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "none"} }
	probed := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}, PeriodSeconds: 1, FailureThreshold: 1}
	}
	volume := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "external"}}}}
	}
	pending := func(d *appsv1.Deployment) {
		class := "none-of-that-name"
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}}
		claim.Spec.StorageClassName, claim.Spec.AccessModes = &class, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
		claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
		if _, err := b.client.Kube().CoreV1().PersistentVolumeClaims(b.client.Namespace()).Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		d.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
	}
	unready := func(d *appsv1.Deployment) { d.Spec.Template.Spec.ServiceAccountName = "nobody" }
	tests := []struct {
		service, failure string
		change           func(*appsv1.Deployment)
		code             diag.Code
		message          string
	}{
		{"crash", "crashloop", nil, diag.CauseExit, "container crash exited with code 1"},
		{"memory", "oom", nil, diag.CauseMemory, "container memory used more memory than its limit"},
		{"image", "imagepull", nil, diag.CauseImage, "image example/image:1 cannot be pulled"},
		{"health", "never-ready", probed, diag.CauseHealth, "the healthcheck of container health does not pass: Readiness probe failed"},
		{"place", "", unplaceable, diag.CauseUnschedulable, "no node can run the pod: 0/"},
		{"volume", "", volume, diag.CauseVolume, "the volume claim external does not exist"},
		{"claim", "", pending, diag.CauseVolume, `the volume claim data (storage class none-of-that-name) is pending: storageclass.storage.k8s.io "none-of-that-name" not found`},
		{"account", "", unready, diag.CauseRefused, "serviceaccount"},
	}
	for _, tt := range tests {
		t.Run(tt.service, func(t *testing.T) {
			b := testbed{t, b.client}
			change := tt.change
			if change == nil {
				change = func(*appsv1.Deployment) {}
			}
			b.deploy(tt.service, 1, tt.failure, change)
			var d Diagnosis
			b.eventually("the cause is found", func() (bool, string) {
				var err error
				if d, err = Diagnose(t.Context(), b.client, render.Ref{GroupKind: appsKind("Deployment"), Name: tt.service}); err != nil {
					t.Fatal(err)
				}
				return d.Main().Code == tt.code && strings.Contains(d.Main().Message, tt.message), fmt.Sprintf("%+v", d.Main())
			})
			if d.Service != tt.service || d.Desired != 1 || d.Ready != 0 {
				t.Errorf("diagnosis %+v", d)
			}
		})
	}
}

func TestE2EDiagnoseQuota(t *testing.T) {
	b := newTestbed(t)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "small"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}}}
	if _, err := b.client.Kube().CoreV1().ResourceQuotas(b.client.Namespace()).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.eventually("the quota is counted", func() (bool, string) {
		q, err := b.client.Kube().CoreV1().ResourceQuotas(b.client.Namespace()).Get(t.Context(), "small", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) > 0, ""
	})
	b.deploy("web", 2, "")
	b.eventually("the refusal is found", func() (bool, string) {
		d, err := Diagnose(t.Context(), b.client, render.Ref{GroupKind: appsKind("Deployment"), Name: "web"})
		if err != nil {
			t.Fatal(err)
		}
		c := d.Main()
		return c.Code == diag.CauseRefused && c.Fatal && strings.Contains(c.Message, "exceeded quota: small"), fmt.Sprintf("%+v", c)
	})
}

func TestE2EDiagnoseJob(t *testing.T) {
	b := newTestbed(t)
	never := int32(0)
	job := &batchv1.Job{ObjectMeta: serviceMeta("migrate")}
	job.Spec.BackoffLimit = &never
	job.Spec.Template = template("migrate", "crashloop")
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	if _, err := b.client.Kube().BatchV1().Jobs(b.client.Namespace()).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.eventually("the failure is found", func() (bool, string) {
		d, err := Diagnose(t.Context(), b.client, render.Ref{GroupKind: batchKind("Job"), Name: "migrate"})
		if err != nil {
			t.Fatal(err)
		}
		c := d.Main()
		return c.Code == diag.CauseExit && c.Fatal && c.Message == "container migrate exited with code 1 (BackoffLimitExceeded)", fmt.Sprintf("%+v", c)
	})
}

func TestE2ELogs(t *testing.T) {
	b := newTestbed(t)
	b.deploy("web", 2, "")
	b.awaitStates(PSOptions{}, "shop-web-1 running", "shop-web-2 running")
	got := newCollector()
	if err := Logs(t.Context(), b.client, "shop", LogOptions{}, got.emit); err != nil {
		t.Fatal(err)
	}
	// A simulated node has one honest line for each container.
	if lines := got.all(); len(lines) < 2 || !strings.Contains(strings.Join(lines, "\n"), "web-2|") {
		t.Errorf("lines %v", lines)
	}
	followed := newCollector()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Logs(ctx, b.client, "shop", LogOptions{Follow: true}, followed.emit) }()
	followed.await(t, 2)
	patch := []byte(`{"spec":{"replicas":3}}`)
	if _, err := b.client.Kube().AppsV1().Deployments(b.client.Namespace()).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{}, "scale"); err != nil {
		t.Fatal(err)
	}
	followed.await(t, 3)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if !strings.Contains(strings.Join(followed.all(), "\n"), "web-3|") {
		t.Errorf("the new pod is not followed: %v", followed.all())
	}
}

func TestE2ELogsOfAJobEnd(t *testing.T) {
	b := newTestbed(t)
	job := &batchv1.Job{ObjectMeta: serviceMeta("migrate")}
	job.Spec.Template = template("migrate", "")
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	if _, err := b.client.Kube().BatchV1().Jobs(b.client.Namespace()).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.awaitStates(PSOptions{All: true}, "shop-migrate-1 exited")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got := newCollector()
	if err := Logs(ctx, b.client, "shop", LogOptions{Follow: true}, got.emit); err != nil {
		t.Fatalf("following a job that is done: %v; lines %v", err, got.all())
	}
}

func TestE2EObserve(t *testing.T) {
	b := newTestbed(t)
	gks := []schema.GroupKind{{Kind: "ConfigMap"}, {Group: "example.com", Kind: "Nothing"}}
	first, err := Observe(t.Context(), b.client, "shop", gks)
	if err != nil || first.Inventory.Exists || first.NamespaceMissing || len(first.Live) != 0 {
		t.Fatalf("before: %+v, %v", first, err)
	}
	set := map[string]string{plan.LabelApplySet: plan.ApplySetID("shop", b.client.Namespace())}
	for i, labels := range []map[string]string{set, nil} {
		cm := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": fmt.Sprintf("c%d", i), "labels": labels}}
		data, err := json.Marshal(cm)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.client.Kube().CoreV1().ConfigMaps(b.client.Namespace()).Patch(t.Context(), fmt.Sprintf("c%d", i), types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: plan.FieldManager}); err != nil {
			t.Fatal(err)
		}
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "s", Labels: set}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := b.client.Kube().CoreV1().Services(b.client.Namespace()).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	secret, err := plan.EncodeInventory(plan.Inventory{Project: "shop", Members: []plan.Member{{Kind: "Service", Name: "s"}}}, b.client.Namespace())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.Kube().CoreV1().Secrets(b.client.Namespace()).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := Observe(t.Context(), b.client, "shop", gks)
	if err != nil || !got.Inventory.Exists || len(got.Live) != 2 {
		t.Fatalf("after: %+v, %v", got, err)
	}
	cm := got.Live[render.Ref{GroupKind: schema.GroupKind{Kind: "ConfigMap"}, Name: "c0"}]
	if cm == nil || len(cm.GetManagedFields()) == 0 {
		t.Errorf("the ConfigMap lacks its managed fields: %+v", cm)
	}
	missing, err := Observe(t.Context(), b.client.In("none-of-that-name"), "shop", gks)
	if err != nil || !missing.NamespaceMissing {
		t.Errorf("missing namespace: %+v, %v", missing, err)
	}
}

// A user without rights is told which one is missing, in one line.
func TestE2EForbidden(t *testing.T) {
	b := newTestbed(t)
	ns := b.client.Namespace()
	if _, err := b.client.Kube().CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "nobody"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := b.client.Kube().CoreV1().ServiceAccounts(ns).CreateToken(t.Context(), "nobody", &authv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	connect := func(token string) *Client {
		raw, err := clientcmd.LoadFromFile(os.Getenv(kubeconfigEnv))
		if err != nil {
			t.Fatal(err)
		}
		raw.AuthInfos[raw.Contexts[raw.CurrentContext].AuthInfo] = &api.AuthInfo{Token: token}
		path := t.TempDir() + "/config"
		if err := clientcmd.WriteToFile(*raw, path); err != nil {
			t.Fatal(err)
		}
		c, err := Connect(Config{Kubeconfig: path, Namespace: ns, CacheDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	who := fmt.Sprintf(`user "system:serviceaccount:%s:nobody" may not list pods in namespace %q`, ns, ns)
	_, err = PS(t.Context(), connect(token.Status.Token), "shop", PSOptions{})
	wantDiagnostic(t, err, diag.ClusterForbidden, who, "kubectl auth can-i list pods -n "+ns)
	_, err = Observe(t.Context(), connect(token.Status.Token), "shop", nil)
	wantDiagnostic(t, err, diag.ClusterForbidden, "may not get secrets in namespace", "")
	_, err = PS(t.Context(), connect("worthless"), "shop", PSOptions{})
	wantDiagnostic(t, err, diag.ClusterUnauthorized, "does not accept the credentials", "log in")
}
