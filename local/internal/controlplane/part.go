package controlplane

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// The names of the components.
const (
	Etcd              = "etcd"
	APIServer         = "apiserver"
	ControllerManager = "controller-manager"
	Scheduler         = "scheduler"
)

// Part gives the control plane.
func Part() component.Part {
	return component.Part{
		Name: "control plane",
		Components: []component.Component{
			{
				Name: Etcd, Ports: []string{Etcd, etcdPeer},
				Argv: etcdArgs, Env: memory("60MiB", 100),
				Run: runEtcd, Ready: etcdReady,
			},
			{
				Name: APIServer, Ports: []string{APIServer},
				Argv: apiserverArgs, Env: memory("250MiB", 100),
				Run: command(apiserver.NewAPIServerCommand), OwnSignals: true, Ready: apiserverReady,
			},
			{
				Name: ControllerManager, Needs: []string{APIServer}, Ports: []string{ControllerManager},
				Argv: managerArgs, Env: memory("100MiB", 100),
				Run: command(manager.NewControllerManagerCommand), OwnSignals: true, Ready: healthz(ControllerManager),
			},
			{
				Name: Scheduler, Needs: []string{APIServer}, Ports: []string{Scheduler},
				Argv: schedulerArgs, Env: memory("80MiB", 100),
				Run: command(newSchedulerCommand), OwnSignals: true, Ready: healthz(Scheduler),
			},
		},
		Ready: defaultAccount,
	}
}

// newSchedulerCommand drops the constructor's variadic options.
func newSchedulerCommand() *cobra.Command { return scheduler.NewSchedulerCommand() }

// command makes an entry of a constructor of a Kubernetes command. Those end
// on SIGTERM by themselves, not with the context.
func command(build func() *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		cmd := build()
		cmd.SetArgs(args)
		cmd.SilenceErrors = true
		return cmd.ExecuteContext(ctx)
	}
}

// memory gives the settings of the Go runtime of a component: a soft limit on
// its heap and how far the heap may grow between collections, in percent.
func memory(limit string, percent int) func(*state.Cluster) []string {
	return func(*state.Cluster) []string {
		return []string{"GOMEMLIMIT=" + limit, fmt.Sprintf("GOGC=%d", percent)}
	}
}

// defaultAccount waits for the default service account, without which no pod
// can be created.
func defaultAccount(ctx context.Context, _ *state.Cluster, client kubernetes.Interface) error {
	_, err := client.CoreV1().ServiceAccounts(corev1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("the default service account does not exist yet")
	}
	return err
}
