package cluster

import (
	"errors"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// endpoint is a resolved kubeconfig context.
type endpoint struct {
	rest      *rest.Config
	namespace string
	context   string
	cluster   string
}

// kubeconfig finds the context of a Config.
type kubeconfig struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides *clientcmd.ConfigOverrides
}

func newKubeconfig(cfg Config) kubeconfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = cfg.Kubeconfig
	rules.WarnIfAllMissing = false
	overrides := &clientcmd.ConfigOverrides{CurrentContext: cfg.Context}
	overrides.Context.Namespace = cfg.Namespace
	return kubeconfig{rules: rules, overrides: overrides}
}

// resolve reads the files and returns the chosen context.
func (k kubeconfig) resolve() (endpoint, error) {
	raw, err := k.rules.Load()
	if err != nil {
		return endpoint{}, k.unreadable(err)
	}
	name := k.overrides.CurrentContext
	if name == "" {
		name = raw.CurrentContext
	}
	if err := k.check(raw, name); err != nil {
		return endpoint{}, err
	}
	return k.endpoint(raw, name)
}

// check finds out whether the named context exists.
func (k kubeconfig) check(raw *api.Config, name string) error {
	if raw.Contexts[name] != nil || name == "" && len(raw.Contexts) == 0 && inCluster() {
		return nil
	}
	if len(raw.Contexts) == 0 {
		return k.none(name)
	}
	if name == "" {
		d := diag.New(diag.ClusterNotConfigured, diag.Pos{}, "", "the kubeconfig has no current context")
		return newError(d.WithHint("choose one with --context: %s", strings.Join(contexts(raw), ", ")), nil)
	}
	return k.unknown(raw, name)
}

// none explains that there is no cluster to talk to.
func (k kubeconfig) none(name string) error {
	where := strings.Join(k.files(), ", ")
	if name != "" {
		d := diag.New(diag.ClusterContextUnknown, diag.Pos{}, "", "context %q is not in the kubeconfig: %s has no contexts", name, where)
		return newError(d.WithHint("start a local cluster with `gantry local up`, or name another file with --kubeconfig"), nil)
	}
	d := diag.New(diag.ClusterNotConfigured, diag.Pos{}, "", "no cluster is configured: %s has no contexts", where)
	return newError(d.WithHint("start a local one with `gantry local up`, or choose one with --kubeconfig and --context"), nil)
}

// unknown explains a context that is not in the file, with the nearest name.
func (k kubeconfig) unknown(raw *api.Config, name string) error {
	names := contexts(raw)
	d := diag.New(diag.ClusterContextUnknown, diag.Pos{}, "", "context %q is not in the kubeconfig", name)
	if near := diag.Nearest(name, names); near != "" {
		return newError(d.WithHint("did you mean %q? it has: %s", near, strings.Join(names, ", ")), nil)
	}
	return newError(d.WithHint("it has: %s", strings.Join(names, ", ")), nil)
}

// endpoint makes the connection's configuration of a context.
func (k kubeconfig) endpoint(raw *api.Config, name string) (endpoint, error) {
	cc := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(k.rules, k.overrides)
	cfg, err := cc.ClientConfig()
	if err != nil {
		return endpoint{}, k.unreadable(err)
	}
	namespace, _, err := cc.Namespace()
	if err != nil {
		return endpoint{}, k.unreadable(err)
	}
	at := endpoint{rest: cfg, namespace: namespace, context: name}
	if c := raw.Contexts[name]; c != nil {
		at.cluster = c.Cluster
	}
	return at, nil
}

// unreadable explains a kubeconfig that is missing, broken or incomplete.
func (k kubeconfig) unreadable(err error) error {
	if errors.Is(err, os.ErrNotExist) && k.rules.ExplicitPath != "" {
		d := diag.New(diag.ClusterKubeconfigInvalid, diag.Pos{File: k.rules.ExplicitPath}, "", "the kubeconfig does not exist")
		return newError(d.WithHint("check --kubeconfig, or start a local cluster with `gantry local up`"), err)
	}
	d := diag.New(diag.ClusterKubeconfigInvalid, diag.Pos{}, "", "the kubeconfig cannot be used: %s", oneLine(err.Error()))
	return newError(d.WithHint("mend %s, or name another file with --kubeconfig", strings.Join(k.files(), ", ")), err)
}

// files names the kubeconfig's paths as they were searched.
func (k kubeconfig) files() []string {
	if k.rules.ExplicitPath != "" {
		return []string{k.rules.ExplicitPath}
	}
	return slices.DeleteFunc(slices.Clone(k.rules.Precedence), func(p string) bool { return p == "" })
}

func contexts(raw *api.Config) []string {
	var names []string
	for name := range raw.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// inCluster reports whether a pod's service account can be used (the
// variables and the token file that Kubernetes gives every pod).
func inCluster() bool {
	_, err := rest.InClusterConfig()
	return err == nil
}
