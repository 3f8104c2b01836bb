package cli

import (
	"fmt"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// envTarget names the target when no flag does.
const envTarget = "GANTRY_TARGET"

// target returns the cluster that the flags, the environment and the
// configuration choose, in this order: --context or --kubeconfig;
// --cluster-config; --cluster; GANTRY_TARGET; the default target; the
// kubeconfig's current context.
func (f *Factory) target() (config.Target, error) {
	c := f.Cluster
	file, err := f.config()
	if err != nil {
		return config.Target{}, err
	}
	t, err := f.chooseTarget(file)
	if err != nil {
		return config.Target{}, err
	}
	if c.Kubeconfig != "" {
		t.Kubeconfig = c.Kubeconfig
	}
	if c.Namespace != "" {
		t.Namespace = c.Namespace
	}
	if t.Context == "" && t.Name != "" {
		t.Context = f.contextOf(file, t)
	}
	return t, nil
}

func (f *Factory) chooseTarget(file *config.File) (config.Target, error) {
	c := f.Cluster
	switch {
	case c.Context != "":
		return config.Target{Context: c.Context, Cluster: c.Cluster}, nil
	case c.Target != "":
		return f.namedTarget(file, c.Target, "--cluster-config")
	case c.Cluster != "":
		return f.clusterTarget(file, c.Cluster)
	case c.Kubeconfig != "":
		return config.Target{}, nil
	case f.Getenv(envTarget) != "":
		return f.namedTarget(file, f.Getenv(envTarget), envTarget)
	case file.Default() != "":
		return f.namedTarget(file, file.Default(), "default in "+file.Path)
	default:
		return config.Target{}, nil
	}
}

func (f *Factory) namedTarget(file *config.File, name, source string) (config.Target, error) {
	if t, ok := file.Target(name); ok {
		return t, nil
	}
	return config.Target{}, &hinted{err: fmt.Errorf("%s: there is no target %q", source, name), hint: targetHint(file, name)}
}

func targetHint(file *config.File, name string) string {
	var names []string
	for _, t := range file.Targets() {
		names = append(names, t.Name)
	}
	if near := diag.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("make it with `gantry configure --config-name %s --context CONTEXT`; `gantry configure list` shows those there are", name)
}

// clusterTarget finds what ecs-cli's --cluster NAME means: a target of that
// cluster, a target of that name, or a context of that name.
func (f *Factory) clusterTarget(file *config.File, name string) (config.Target, error) {
	for _, t := range file.Targets() {
		if t.Cluster == name {
			return t, nil
		}
	}
	if t, ok := file.Target(name); ok {
		return t, nil
	}
	if context := clusterContext(f.kubeconfig(""), name); context != "" {
		return config.Target{Context: context, Cluster: name}, nil
	}
	return config.Target{}, &hinted{
		err:  fmt.Errorf("--cluster: no target and no kubeconfig context belongs to a cluster %q", name),
		hint: fmt.Sprintf("name its context once: `gantry configure --cluster %s --config-name %s --context CONTEXT`", name, name),
	}
}

// contextOf finds the context of a target that names none: one that is called
// after its cluster, else that of the default target.
func (f *Factory) contextOf(file *config.File, t config.Target) string {
	if context := clusterContext(f.kubeconfig(t.Kubeconfig), t.Cluster); context != "" {
		return context
	}
	if base, ok := file.Target(file.Default()); ok {
		return base.Context
	}
	return ""
}

// clusterContext returns the context called after a cluster: its own name, or
// gantry-NAME, which `gantry local up --name NAME` makes.
func clusterContext(kube *clientcmdapi.Config, name string) string {
	for _, context := range []string{name, "gantry-" + name} {
		if _, ok := kube.Contexts[context]; ok && name != "" {
			return context
		}
	}
	return ""
}

// kubeconfig loads the kubeconfig for a look at its contexts; one that cannot
// be read counts as empty here, and connecting says what is wrong with it.
func (f *Factory) kubeconfig(path string) *clientcmdapi.Config {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	rules.Warner = func(error) {}
	kube, err := rules.Load()
	if err != nil {
		return clientcmdapi.NewConfig()
	}
	return kube
}

// connect makes a client for the chosen target. namespace is what the input
// asks for; a flag wins over it, and it wins over the target's.
func (f *Factory) connect(namespace string) (*cluster.Client, config.Target, error) {
	t, err := f.target()
	if err != nil {
		return nil, t, err
	}
	if namespace != "" && f.Cluster.Namespace == "" {
		t.Namespace = namespace
	}
	client, err := f.Connect(cluster.Config{
		Kubeconfig: t.Kubeconfig, Context: t.Context, Namespace: t.Namespace,
		UserAgent: "gantry/" + buildInfo().Version,
		Warn:      func(text string) { f.UI.Warnf("the API server says: %s", text) },
	})
	if err == nil && t.Name != "" && t.Cluster == "" {
		t.Cluster = t.Name
	}
	return client, t, err
}

// contextNames returns the kubeconfig's contexts in order.
func contextNames(kube *clientcmdapi.Config) []string {
	var names []string
	for name := range kube.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
