package cluster

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

func exposed(port int32, protocol corev1.Protocol) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = append(p.Spec.Containers[0].Ports, corev1.ContainerPort{Name: "http", ContainerPort: port, Protocol: protocol})
	}
}

// newService builds a Service of the Compose service web.
func newService(kind corev1.ServiceType, port corev1.ServicePort, addresses ...string) corev1.Service {
	s := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web-public", Namespace: "ns", Labels: map[string]string{render.LabelProject: "shop", render.LabelService: "web"}}}
	s.Spec = corev1.ServiceSpec{Type: kind, Selector: map[string]string{render.LabelService: "web"}, Ports: []corev1.ServicePort{port}}
	for _, a := range addresses {
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: a})
	}
	return s
}

func TestPortsOfARow(t *testing.T) {
	web := newPod("a", up(time.Minute, true), exposed(80, corev1.ProtocolTCP))
	number := corev1.ServicePort{Port: 8080, TargetPort: intstr.FromInt32(80), NodePort: 30080, Protocol: corev1.ProtocolTCP}
	named := corev1.ServicePort{Port: 8080, TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP}
	ingress := networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns", Labels: map[string]string{render.LabelService: "web"}}}
	ingress.Spec.Rules = []networkingv1.IngressRule{{Host: "shop.example.com", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web-public", Port: networkingv1.ServiceBackendPort{Number: 8080}}}}},
	}}}}
	secured := *ingress.DeepCopy()
	secured.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"shop.example.com"}}}
	tests := []struct {
		name string
		in   snapshot
		want string
		url  string
	}{
		{"inside only", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeClusterIP, number)}}, "80/tcp", ""},
		{"load balancer", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeLoadBalancer, number, "192.0.2.9")}}, "192.0.2.9:8080->80/tcp", "http://192.0.2.9:8080"},
		{"named port", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeLoadBalancer, named, "192.0.2.9")}}, "192.0.2.9:8080->80/tcp", "http://192.0.2.9:8080"},
		{"IPv6", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeLoadBalancer, number, "2001:db8::1")}}, "[2001:db8::1]:8080->80/tcp", "http://[2001:db8::1]:8080"},
		{"address to come", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeLoadBalancer, number)}}, "8080->80/tcp", ""},
		{"node port, nodes known", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeNodePort, number)}, nodes: nodeAddresses{"n1": "203.0.113.5", "n2": "203.0.113.6"}}, "203.0.113.5:30080->80/tcp", "http://203.0.113.5:30080"},
		{"node port, nodes forbidden", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeNodePort, number)}}, "192.0.2.1:30080->80/tcp", "http://192.0.2.1:30080"},
		{"ingress", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeClusterIP, number)}, ingresses: []networkingv1.Ingress{ingress}}, "shop.example.com:80->80/tcp", "http://shop.example.com/"},
		{"ingress with a certificate", snapshot{services: []corev1.Service{newService(corev1.ServiceTypeClusterIP, number)}, ingresses: []networkingv1.Ingress{secured}}, "shop.example.com:443->80/tcp", "https://shop.example.com/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.pods = pods(web)
			got := listing(&tt.in, PSOptions{Now: noon})
			if len(got.Containers) != 1 || got.Containers[0].Ports != tt.want {
				t.Fatalf("ports = %+v, want %q", got.Containers, tt.want)
			}
			url := ""
			if len(got.Endpoints) > 0 {
				url = got.Endpoints[0].URL
			}
			if url != tt.url {
				t.Errorf("URL = %q, want %q", url, tt.url)
			}
		})
	}
}

func TestListingShowsWhatDockerShows(t *testing.T) {
	job := func(p *corev1.Pod) { p.Labels[render.LabelService] = "migrate" }
	deleted := func(p *corev1.Pod) {
		p.DeletionTimestamp = &metav1.Time{Time: noon}
		p.Labels[render.LabelService] = "old"
	}
	s := &snapshot{
		pods: pods(newPod("o", up(time.Minute, true), deleted), newPod("a", up(time.Minute, true)), newPod("m", policy(corev1.RestartPolicyNever), phase(corev1.PodSucceeded, ""), terminated(0, "Completed"), job)),
		workloads: []Workload{
			{Ref: render.Ref{GroupKind: appsKind("Deployment"), Name: "web"}, Namespace: "ns", Project: "shop", Service: "web", Desired: 1},
			{Ref: render.Ref{GroupKind: appsKind("Deployment"), Name: "idle"}, Namespace: "ns", Project: "shop", Service: "idle", Generation: 3, Created: ago(time.Hour), Image: "redis"},
			{Ref: render.Ref{GroupKind: appsKind("Deployment"), Name: "new"}, Namespace: "ns", Project: "shop", Service: "new", Generation: 1, Created: ago(time.Hour)},
			{Ref: render.Ref{GroupKind: appsKind("Deployment"), Name: "stuck"}, Namespace: "ns", Project: "shop", Service: "stuck", Desired: 2, Created: ago(time.Hour)},
		},
	}
	tests := []struct {
		name    string
		options PSOptions
		want    []string
	}{
		{"default", PSOptions{}, []string{"shop-new created Created", "shop-stuck created Created (no pod)", "shop-web-1 running Up About a minute"}},
		{"all", PSOptions{All: true}, []string{"shop-idle exited Exited (0)", "shop-migrate-1 exited Exited (0) 2 minutes ago", "shop-new created Created", "shop-old-1 removing Removal In Progress", "shop-stuck created Created (no pod)", "shop-web-1 running Up About a minute"}},
		{"one service", PSOptions{Services: []string{"web"}}, []string{"shop-web-1 running Up About a minute"}},
		{"by state", PSOptions{States: []string{"exited"}}, []string{"shop-idle exited Exited (0)", "shop-migrate-1 exited Exited (0) 2 minutes ago"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Now = noon
			var got []string
			for _, c := range listing(s, tt.options).Containers {
				got = append(got, c.Name+" "+c.State+" "+c.Status)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainerJSONHasDockersFields(t *testing.T) {
	s := &snapshot{pods: pods(newPod("a", up(time.Minute, true), exposed(80, corev1.ProtocolTCP), func(p *corev1.Pod) {
		p.Spec.Containers[0].Command = []string{"nginx"}
		p.Spec.Containers[0].Args = []string{"-g", "daemon off;", "$$HOME"}
	}))}
	data, err := json.Marshal(listing(s, PSOptions{Now: noon}).Containers[0])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ID":"abc123","Name":"shop-web-1","Names":"shop-web-1","Image":"nginx:1","Command":"nginx -g daemon off; $HOME","Project":"shop","Service":"web","State":"running","Status":"Up About a minute","Health":"","ExitCode":0,"Publishers":[{"URL":"","TargetPort":80,"PublishedPort":0,"Protocol":"tcp"}],"Ports":"80/tcp","Labels":"com.docker.compose.project=shop,com.docker.compose.service=web","CreatedAt":"2026-03-04 11:55:00 +0000 UTC","RunningFor":"5 minutes ago","Node":"n1","Namespace":"ns","Pod":"a","Container":"web","Number":1,"Restarts":0,"Reason":""}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestTaskRows(t *testing.T) {
	uid := func(p *corev1.Pod) { p.UID = "0c2862e6-e39e-4eff-92ca-3e4f843c5b9a" }
	public := newService(corev1.ServiceTypeLoadBalancer, corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(80), Protocol: corev1.ProtocolTCP}, "192.0.2.9")
	const id = "0c2862e6e39e4eff92ca3e4f843c5b9a"
	type row struct{ Name, State, Ports, TaskDefinition, Health string }
	tests := []struct {
		name     string
		pod      *corev1.Pod
		services []corev1.Service
		want     row
	}{
		{"running", newPod("a", uid, up(time.Minute, true), exposed(80, corev1.ProtocolTCP), ownedBy("ReplicaSet", "web-77")), []corev1.Service{public},
			row{"tutorial/" + id + "/web", "RUNNING", "192.0.2.9:80->80/tcp", "shop:4", "UNKNOWN"}},
		{"healthy, inside only", newPod("a", uid, up(time.Minute, true), probed(1, 1), exposed(8080, corev1.ProtocolTCP)), nil,
			row{"tutorial/" + id + "/web", "RUNNING", "10.0.0.7:8080->8080/tcp", "shop:1", "HEALTHY"}},
		{"unhealthy", newPod("a", uid, up(time.Minute, false), probed(1, 1)), nil,
			row{"tutorial/" + id + "/web", "RUNNING", "", "shop:1", "UNHEALTHY"}},
		{"stopped", newPod("a", uid, policy(corev1.RestartPolicyNever), phase(corev1.PodFailed, ""), terminated(137, "OOMKilled"), exposed(80, corev1.ProtocolTCP)), []corev1.Service{public},
			row{"tutorial/" + id + "/web", "STOPPED ExitCode: 137 Reason: OOMKilled", "80->80/tcp", "shop:1", "UNKNOWN"}},
		{"crash loop", newPod("a", uid, crashing(1, "Error", 2)), nil,
			row{"tutorial/" + id + "/web", "STOPPED ExitCode: 1 Reason: CrashLoopBackOff", "", "shop:1", "UNKNOWN"}},
		{"pending", newPod("a", uid, phase(corev1.PodPending, ""), waitingFor("ImagePullBackOff", "")), nil,
			row{"tutorial/" + id + "/web", "PENDING Reason: ImagePullBackOff", "", "shop:1", "UNKNOWN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &snapshot{pods: pods(tt.pod), services: tt.services}
			got := tasks(s, revisions{"ns/web-77": 4}, TaskOptions{Cluster: "tutorial", Now: noon})
			if len(got) != 1 {
				t.Fatalf("got %d rows", len(got))
			}
			if diff := cmp.Diff(tt.want, row{got[0].Name, got[0].State, got[0].Ports, got[0].TaskDefinition, got[0].Health}); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTasksOrderAndFilter(t *testing.T) {
	s := &snapshot{pods: pods(newPod("a", phase(corev1.PodFailed, ""), policy(corev1.RestartPolicyNever), terminated(1, "Error")), newPod("b", up(time.Minute, true)))}
	names := func(desired string) (out []string) {
		for _, task := range tasks(s, nil, TaskOptions{DesiredStatus: desired, Now: noon}) {
			out = append(out, task.Pod)
		}
		return out
	}
	for desired, want := range map[string][]string{"": {"b", "a"}, DesiredRunning: {"b"}, DesiredStopped: {"a"}} {
		if diff := cmp.Diff(want, names(desired)); diff != "" {
			t.Errorf("tasks with desired status %q (-want +got):\n%s", desired, diff)
		}
	}
}

func TestFamilyOfSeveralWorkloads(t *testing.T) {
	s := &snapshot{workloads: []Workload{{Namespace: "ns", Project: "shop", Service: "web"}, {Namespace: "ns", Project: "shop", Service: "db"}}}
	if got := s.family("ns", "shop", "db"); got != "shop-db" {
		t.Errorf("family = %q", got)
	}
}

func TestKnownServices(t *testing.T) {
	err := knownServices([]string{"wbe"}, []string{"db", "web"})
	d, ok := AsDiagnostic(err)
	if !ok || d.Code != diag.ServiceUnknown || d.Message != "no such service: wbe" || d.Hint != "did you mean web?" {
		t.Errorf("got %+v", d)
	}
	if err := knownServices([]string{"web"}, []string{"db", "web"}); err != nil {
		t.Errorf("known service: %v", err)
	}
}

func TestPickReplica(t *testing.T) {
	all := replicas(pods(newPod("a", up(time.Hour, true), aged(time.Hour)), newPod("b", crashing(1, "", 1), aged(time.Minute))))
	tests := []struct {
		index int
		want  string
		err   string
	}{
		{0, "a", ""}, {1, "a", ""}, {2, "", `service "web" is not running`}, {3, "", `service "web" has no container #3`},
	}
	for _, tt := range tests {
		got, err := pick(all, "web", tt.index, noon)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("pick %d: error %v, want %q", tt.index, err, tt.err)
			}
			continue
		}
		if err != nil || got.Pod.Name != tt.want {
			t.Errorf("pick %d = %v, %v; want %s", tt.index, got.Pod, err, tt.want)
		}
	}
}
