package cli

import (
	"slices"
	"strconv"

	"github.com/spf13/cobra"
)

// IgnoredFlag is a flag of ecs-cli or docker compose that has no meaning on
// Kubernetes. It is accepted, so that a user's scripts go on working, and
// answered with one line that says why it does nothing.
type IgnoredFlag struct {
	Name, Short string
	// Switch says that the flag takes no value.
	Switch bool
	// Verbs that accept it; empty for every verb.
	Verbs  []string
	Reason string
}

// commonIgnored are accepted by every verb that talks to a cluster: ecs-cli's
// AWS settings.
func commonIgnored() []IgnoredFlag {
	return []IgnoredFlag{
		{Name: "region", Short: "r", Reason: "the kubeconfig context says where the cluster is"},
		{Name: "ecs-profile", Reason: "credentials come from the kubeconfig"},
		{Name: "aws-profile", Reason: "credentials come from the kubeconfig"},
		{Name: "endpoint", Reason: "the kubeconfig context says where the API server is"},
	}
}

// verbIgnored are accepted by some verbs of compose.
func verbIgnored() []IgnoredFlag {
	deploy := []string{"up", "create", "start"}
	sized := []string{"up", "create", "start", "scale"}
	return []IgnoredFlag{
		{Name: "create-log-groups", Switch: true, Verbs: deploy, Reason: "logs are kept by the nodes; read them with `gantry compose logs`"},
		{Name: "launch-type", Verbs: sized, Reason: "the cluster's nodes decide where pods run"},
		{Name: "scheduling-strategy", Verbs: deploy, Reason: "write deploy.mode: global in the Compose file for one pod per node"},
		{Name: "tags", Verbs: sized, Reason: "write labels in the Compose file"},
		{Name: "disable-ecs-managed-tags", Switch: true, Verbs: sized, Reason: "Kubernetes has no ECS tags"},
		{Name: "task-role-arn", Reason: "bind the role to a ServiceAccount and name it in ecs-params' kubernetes block"},
		{Name: "registry-creds", Reason: "make an image pull Secret and name it in ecs-params' kubernetes.image_pull_secrets"},
		{Name: "deployment-max-percent", Verbs: sized, Reason: "write deploy.update_config in the Compose file"},
		{Name: "deployment-min-healthy-percent", Verbs: sized, Reason: "write deploy.update_config in the Compose file"},
		{Name: "target-groups", Verbs: deploy, Reason: "published ports get a Service; choose its type in ecs-params' kubernetes block"},
		{Name: "target-group-arn", Verbs: deploy, Reason: "published ports get a Service; choose its type in ecs-params' kubernetes block"},
		{Name: "load-balancer-name", Verbs: deploy, Reason: "published ports get a Service; choose its type in ecs-params' kubernetes block"},
		{Name: "container-name", Verbs: deploy, Reason: "published ports get a Service; choose its type in ecs-params' kubernetes block"},
		{Name: "container-port", Verbs: deploy, Reason: "published ports get a Service; choose its type in ecs-params' kubernetes block"},
		{Name: "role", Verbs: deploy, Reason: "Kubernetes needs no role for a load balancer"},
		{Name: "health-check-grace-period", Verbs: deploy, Reason: "write healthcheck.start_period in the Compose file"},
		{Name: "enable-service-discovery", Switch: true, Verbs: deploy, Reason: "every service has a DNS name already"},
		{Name: "update-service-discovery", Switch: true, Verbs: deploy, Reason: "every service has a DNS name already"},
		{Name: "vpc", Verbs: deploy, Reason: "the cluster has its own network"},
		{Name: "private-dns-namespace", Verbs: deploy, Reason: "service names resolve in the cluster's own DNS"},
		{Name: "private-dns-namespace-id", Verbs: deploy, Reason: "service names resolve in the cluster's own DNS"},
		{Name: "public-dns-namespace", Verbs: deploy, Reason: "service names resolve in the cluster's own DNS"},
		{Name: "public-dns-namespace-id", Verbs: deploy, Reason: "service names resolve in the cluster's own DNS"},
		{Name: "sd-container-name", Verbs: deploy, Reason: "every service has a DNS name already"},
		{Name: "sd-container-port", Verbs: deploy, Reason: "every service has a DNS name already"},
		{Name: "dns-ttl", Verbs: deploy, Reason: "the cluster's DNS decides"},
		{Name: "dns-type", Verbs: deploy, Reason: "the cluster's DNS decides"},
		{Name: "healthcheck-custom-config-failure-threshold", Verbs: deploy, Reason: "write healthcheck.retries in the Compose file"},
		{Name: "delete-namespace", Switch: true, Verbs: []string{"down", "rm"}, Reason: "there is no service-discovery namespace to delete"},
		{Name: "parallel", Reason: "the API server paces the requests"},
		{Name: "compatibility", Switch: true, Reason: "names and units are the same with and without it"},
		{Name: "all-resources", Switch: true, Reason: "unused resources are never rendered"},
		{Name: "memory", Short: "m", Verbs: []string{"build"}, Reason: "image builders set no limit"},
		{Name: "builder", Verbs: []string{"build"}, Reason: "choose the image builder with --tool, and docker's builder with BUILDX_BUILDER"},
		{Name: "no-build", Switch: true, Verbs: []string{"start"}, Reason: "start builds nothing"},
		{Name: "no-recreate", Switch: true, Verbs: deploy, Reason: "pods are replaced only when their template changes"},
		{Name: "always-recreate-deps", Switch: true, Verbs: deploy, Reason: "pods are replaced only when their template changes; see --force-recreate"},
		{Name: "remove-orphans", Switch: true, Verbs: []string{"up", "create", "down"}, Reason: "what left the files is always removed"},
		{Name: "renew-anon-volumes", Short: "V", Switch: true, Verbs: deploy, Reason: "anonymous volumes live as long as their pod"},
		{Name: "quiet-pull", Switch: true, Verbs: deploy, Reason: "the nodes pull the images"},
		{Name: "pull", Verbs: deploy, Reason: "write pull_policy in the Compose file: the nodes pull"},
		{Name: "menu", Switch: true, Verbs: []string{"up"}, Reason: "up returns when the services run"},
		{Name: "shutdown-timeout", Short: "t", Verbs: []string{"stop", "restart", "down"}, Reason: "write stop_grace_period in the Compose file"},
		{Name: "rmi", Verbs: []string{"down"}, Reason: "the nodes clean their images up themselves"},
	}
}

// ignoredValue accepts a flag and remembers that it was given.
type ignoredValue struct {
	flag  IgnoredFlag
	given bool
}

// String returns "": the value is never used.
func (v *ignoredValue) String() string { return "" }

// Set refuses a switch's value that is no boolean and takes anything else.
func (v *ignoredValue) Set(value string) error {
	if v.flag.Switch {
		on, err := strconv.ParseBool(value)
		v.given = on
		return err
	}
	v.given = true
	return nil
}

// Type names the value in the help text.
func (v *ignoredValue) Type() string {
	if v.flag.Switch {
		return "bool"
	}
	return "string"
}

// ignore adds flags without meaning to a set, hidden from its help.
func (f *Factory) ignore(fs flagSet, flags []IgnoredFlag) {
	for _, flag := range flags {
		if fs.Lookup(flag.Name) != nil {
			continue
		}
		value := &ignoredValue{flag: flag}
		f.ignored = append(f.ignored, value)
		short := flag.Short
		if fs.ShorthandLookup(short) != nil {
			short = ""
		}
		added := fs.VarPF(value, flag.Name, short, "accepted without effect: "+flag.Reason)
		added.Hidden = true
		if flag.Switch {
			added.NoOptDefVal = "true"
		}
	}
}

// ignoreFor adds the flags without meaning that belong to a verb.
func (f *Factory) ignoreFor(cmd *cobra.Command, verb string) {
	var flags []IgnoredFlag
	for _, flag := range verbIgnored() {
		if len(flag.Verbs) == 0 || slices.Contains(flag.Verbs, verb) {
			flags = append(flags, flag)
		}
	}
	f.ignore(cmd.Flags(), flags)
}

// noteIgnored says one line for each such flag that was given.
func (f *Factory) noteIgnored() {
	for _, value := range f.ignored {
		if value.given {
			f.UI.Notef("--%s has no effect on Kubernetes: %s", value.flag.Name, value.flag.Reason)
		}
	}
}
