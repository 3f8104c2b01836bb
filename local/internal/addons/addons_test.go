package addons

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// cluster is a cluster for tests in a temporary folder.
func cluster(t *testing.T, nodes state.Nodes) *state.Cluster {
	t.Helper()
	network, err := state.NetworkFor(0)
	if err != nil {
		t.Fatal(err)
	}
	return &state.Cluster{Name: "demo", Nodes: nodes, Network: network, Dir: state.Dir(t.TempDir())}
}

// service is a Service of type LoadBalancer that was made the given number of
// seconds after the others.
func service(name string, age int, change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: name, UID: types.UID("uid-" + name),
			CreationTimestamp: metav1.NewTime(time.Unix(int64(age), 0)),
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
	}
	for _, f := range change {
		f(s)
	}
	return s
}

func has(ip string) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip}}
	}
}

func asks(ip string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.LoadBalancerIP = ip }
}

func is(kind corev1.ServiceType) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Type = kind }
}

func TestAssign(t *testing.T) {
	small := pool{first: netip.MustParseAddr("10.0.0.1"), last: netip.MustParseAddr("10.0.0.3")}
	class := "other"
	tests := []struct {
		name     string
		services []*corev1.Service
		pool     pool
		given    map[string]string
		want     map[string]string // name to address, "" for none
	}{
		{
			name:     "the lowest, the oldest first",
			services: []*corev1.Service{service("b", 1), service("a", 2)},
			pool:     small,
			want:     map[string]string{"b": "10.0.0.1", "a": "10.0.0.2"},
		},
		{
			name:     "what one has stays",
			services: []*corev1.Service{service("a", 1), service("b", 2, has("10.0.0.1"))},
			pool:     small,
			want:     map[string]string{"a": "10.0.0.2", "b": "10.0.0.1"},
		},
		{
			name:     "what was given but is not seen yet stays",
			services: []*corev1.Service{service("a", 1), service("b", 2)},
			pool:     small, given: map[string]string{"b": "10.0.0.1"},
			want: map[string]string{"a": "10.0.0.2", "b": "10.0.0.1"},
		},
		{
			name:     "two with the same address: the older keeps it",
			services: []*corev1.Service{service("b", 2, has("10.0.0.1")), service("a", 1, has("10.0.0.1"))},
			pool:     small,
			want:     map[string]string{"a": "10.0.0.1", "b": "10.0.0.2"},
		},
		{
			name:     "one asks",
			services: []*corev1.Service{service("a", 1), service("b", 2, asks("10.0.0.1"), has("10.0.0.3"))},
			pool:     small,
			want:     map[string]string{"a": "10.0.0.2", "b": "10.0.0.1"},
		},
		{
			name:     "one asks for what is not ours to give",
			services: []*corev1.Service{service("a", 1, asks("8.8.8.8"))},
			pool:     small,
			want:     map[string]string{"a": "10.0.0.1"},
		},
		{
			name:     "used up",
			services: []*corev1.Service{service("a", 1), service("b", 2), service("c", 3), service("d", 4)},
			pool:     small,
			want:     map[string]string{"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3", "d": ""},
		},
		{
			name: "no longer, never, or not here a load balancer",
			services: []*corev1.Service{
				service("was", 1, is(corev1.ServiceTypeClusterIP), has("10.0.0.1")),
				service("never", 2, is(corev1.ServiceTypeNodePort)),
				service("foreign", 3, func(s *corev1.Service) { s.Spec.LoadBalancerClass = &class }),
			},
			pool: small,
			want: map[string]string{"was": ""},
		},
		{
			name:     "shared",
			services: []*corev1.Service{service("a", 1), service("b", 2)},
			pool:     pool{first: netip.MustParseAddr("127.0.0.1"), last: netip.MustParseAddr("127.0.0.1"), shared: true},
			want:     map[string]string{"a": "127.0.0.1", "b": "127.0.0.1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := map[string]netip.Addr{}
			for name, ip := range tt.given {
				given[key(service(name, 0))] = netip.MustParseAddr(ip)
			}
			got := map[string]string{}
			for k, addr := range assign(tt.services, tt.pool, given) {
				got[strings.Split(k, "/")[1]] = ""
				if addr.IsValid() {
					got[strings.Split(k, "/")[1]] = addr.String()
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

// Once written, an assignment asks for no further change.
func TestAssignIsStable(t *testing.T) {
	p := pool{first: netip.MustParseAddr("10.0.0.1"), last: netip.MustParseAddr("10.0.0.9")}
	var all []*corev1.Service
	for i := range 7 {
		all = append(all, service(fmt.Sprint("s", i), 7-i))
	}
	asks("10.0.0.4")(all[2])
	asks("10.0.0.4")(all[5])
	for k, addr := range assign(all, p, nil) {
		for _, s := range all {
			if key(s) == k {
				has(addr.String())(s)
			}
		}
	}
	for k, addr := range assign(all, p, nil) {
		for _, s := range all {
			if key(s) == k && current(s) != addr {
				t.Errorf("%s changes from %v to %v", k, current(s), addr)
			}
		}
	}
}

func TestPoolOf(t *testing.T) {
	for nodes, want := range map[state.Nodes]pool{
		state.NodesSimulated:  {first: netip.MustParseAddr("127.0.0.1"), last: netip.MustParseAddr("127.0.0.1"), shared: true},
		state.NodesContainers: {first: netip.MustParseAddr("10.100.240.1"), last: netip.MustParseAddr("10.100.243.254")},
		state.NodesBoth:       {first: netip.MustParseAddr("10.100.240.1"), last: netip.MustParseAddr("10.100.243.254")},
	} {
		got, err := poolOf(cluster(t, nodes))
		if err != nil || got != want {
			t.Errorf("%s: %+v (%v), want %+v", nodes, got, err, want)
		}
	}
}

// options are those for a claim of a pod on a node.
func options(node string) controller.ProvisionOptions {
	return controller.ProvisionOptions{
		StorageClass: defaultClass(), PVName: "pvc-1", SelectedNodeName: node,
		PVC: &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "data"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany},
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceStorage: resource.MustParse("20Gi"),
				}},
			},
		},
	}
}

func TestProvisionMakesAFolderAndDeleteRemovesIt(t *testing.T) {
	c := cluster(t, state.NodesBoth)
	p := newProvisioner(c)
	v, _, err := p.Provision(context.Background(), options(c.ContainerNode()))
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(c.Dir.Data("volumes"), "ns_data_pvc-1")
	info, err := os.Stat(want)
	if err != nil || v.Spec.Local.Path != want || info.Mode().Perm() != 0o777 {
		t.Fatalf("folder %s: %v, %v", v.Spec.Local.Path, info, err)
	}
	if size := v.Spec.Capacity[corev1.ResourceStorage]; size.String() != "20Gi" {
		t.Errorf("capacity %v", size)
	}
	if v.Spec.AccessModes[0] != corev1.ReadWriteMany {
		t.Errorf("access modes %v", v.Spec.AccessModes)
	}
	if host := v.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]; host != "gantry-demo" {
		t.Errorf("on host %s", host)
	}
	if err := os.WriteFile(filepath.Join(want, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Delete(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(want); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestProvisionForASimulatedNodeMakesNoFolder(t *testing.T) {
	c := cluster(t, state.NodesBoth)
	if _, _, err := newProvisioner(c).Provision(context.Background(), options("sim-0")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Dir.Data("volumes")); !os.IsNotExist(err) {
		t.Errorf("a folder was made: %v", err)
	}
}

func TestProvisionRefuses(t *testing.T) {
	p := newProvisioner(cluster(t, state.NodesContainers))
	selector, immediate := options("gantry-demo"), options("")
	selector.PVC.Spec.Selector = &metav1.LabelSelector{}
	for want, o := range map[string]controller.ProvisionOptions{"selector": selector, "no node was chosen": immediate} {
		_, state, err := p.Provision(context.Background(), o)
		if err == nil || !strings.Contains(err.Error(), want) || state != controller.ProvisioningFinished {
			t.Errorf("error %v, state %v, want %q", err, state, want)
		}
	}
}

func TestDeleteLeavesForeignFoldersAlone(t *testing.T) {
	c := cluster(t, state.NodesContainers)
	p := newProvisioner(c)
	outside := t.TempDir()
	root := c.Dir.Data("volumes")
	for _, path := range []string{outside, root, root + "/..", filepath.Join(root, "a", "b")} {
		v := &corev1.PersistentVolume{}
		v.Spec.Local = &corev1.LocalVolumeSource{Path: path}
		if err := p.Delete(context.Background(), v); err == nil {
			t.Errorf("no error for %s", path)
		}
	}
	if err := p.Delete(context.Background(), &corev1.PersistentVolume{}); err == nil {
		t.Error("no error for a volume without a path")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}
