package containers

import (
	"context"

	kubeproxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// runKubelet runs the kubelet with its command line's arguments.
func runKubelet(ctx context.Context, args []string) error {
	cmd := kubelet.NewKubeletCommand(ctx)
	cmd.SetArgs(args)
	return cmd.ExecuteContext(ctx)
}

// runKubeProxy runs kube-proxy with its command line's arguments.
func runKubeProxy(ctx context.Context, args []string) error {
	cmd := kubeproxy.NewProxyCommand()
	cmd.SetArgs(args)
	return cmd.ExecuteContext(ctx)
}
