// Package containers owns the container node of a local cluster: the check of
// what the machine must have, the namespaces, network, mounts and cgroups of the
// node, the configuration of containerd, CNI, kubelet and kube-proxy, the pause
// image, the loading of images, and the removal of all of that.
//
// The node lives in namespaces of its own (process ids, mounts, network, host
// name, IPC). Its first process starts containerd, kubelet and kube-proxy; when
// it ends, the kernel ends every container and takes away every mount,
// interface and nftables rule made inside. Outside there are only a link to the
// node with its routes, one nftables table and the node's cgroups.
//
// It imports component, state, k8s.io/kubernetes (kubelet, kube-proxy) and
// netlink.
package containers
