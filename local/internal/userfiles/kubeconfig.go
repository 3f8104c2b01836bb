package userfiles

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// KubeconfigPath is the file that a cluster's context is merged into: the first
// of $KUBECONFIG, by default ~/.kube/config.
func KubeconfigPath() (string, error) {
	for _, path := range filepath.SplitList(os.Getenv("KUBECONFIG")) {
		if path != "" {
			return filepath.Abs(path)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the kubeconfig: %w", err)
	}
	return filepath.Join(home, ".kube", "config"), nil
}

// MergeKubeconfig writes the context, cluster and user of a local cluster into
// c.Kubeconfig, in place of any of the same name. It makes the context the
// current one when the file has none.
func MergeKubeconfig(c *state.Cluster) error {
	d, err := open(c.Kubeconfig)
	if err != nil {
		return err
	}
	name := c.Context()
	cluster, user, err := credentials(c)
	if err != nil {
		return err
	}
	if text(d.root, "apiVersion") == "" {
		set(d.root, "apiVersion", str("v1"))
		set(d.root, "kind", str("Config"))
	}
	entries := []struct {
		list, field string
		value       *yaml.Node
	}{
		{"clusters", "cluster", cluster},
		{"contexts", "context", mapping("cluster", name, "user", name)},
		{"users", "user", user},
	}
	for _, e := range entries {
		if err := put(d, e.list, e.field, name, e.value); err != nil {
			return err
		}
	}
	if text(d.root, "current-context") == "" {
		set(d.root, "current-context", str(name))
	}
	return d.save()
}

// credentials gives the kubeconfig's entries for the cluster and its admin.
func credentials(c *state.Cluster) (cluster, user *yaml.Node, err error) {
	var data [3]string
	for i, file := range []string{c.Dir.CA(), c.Dir.PKI("admin.crt"), c.Dir.PKI("admin.key")} {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("read the credentials: %w", err)
		}
		data[i] = base64.StdEncoding.EncodeToString(content)
	}
	return mapping("certificate-authority-data", data[0], "server", pki.Server(c)),
		mapping("client-certificate-data", data[1], "client-key-data", data[2]), nil
}

// put sets the entry of a name in one of the kubeconfig's lists.
func put(d *document, list, field, name string, value *yaml.Node) error {
	seq, err := child(d.root, list, yaml.SequenceNode)
	if err != nil {
		return fmt.Errorf("%s: %w", d.path, err)
	}
	entry := mapping("name", name)
	set(entry, field, value)
	if i := find(seq, name); i >= 0 {
		seq.Content[i] = entry
		return nil
	}
	seq.Content = append(seq.Content, entry)
	return nil
}

// find gives the index of the entry of a name in a list, or -1.
func find(seq *yaml.Node, name string) int {
	if seq == nil {
		return -1
	}
	return slices.IndexFunc(seq.Content, func(e *yaml.Node) bool { return text(e, "name") == name })
}

// RemoveKubeconfig removes what MergeKubeconfig wrote, unless another cluster
// took the name since: then the entries lead to another server. A file that is
// left with nothing is removed.
func RemoveKubeconfig(c *state.Cluster) error {
	if c.Kubeconfig == "" {
		return nil
	}
	d, err := open(c.Kubeconfig)
	if err != nil {
		return err
	}
	name := c.Context()
	clusters := get(d.root, "clusters")
	i := find(clusters, name)
	if i < 0 || text(get(clusters.Content[i], "cluster"), "server") != pki.Server(c) {
		return nil
	}
	left := 0
	for _, list := range []string{"clusters", "contexts", "users"} {
		seq := get(d.root, list)
		if i := find(seq, name); i >= 0 {
			seq.Content = slices.Delete(seq.Content, i, i+1)
		}
		if seq != nil {
			left += len(seq.Content)
		}
	}
	if text(d.root, "current-context") == name {
		unset(d.root, "current-context")
	}
	if left == 0 && len(d.root.Content) <= 2*5 {
		return d.remove()
	}
	return d.save()
}
