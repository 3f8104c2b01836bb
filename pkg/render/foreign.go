package render

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// foreignExtension is an extension field by which another tool is told how to
// deploy. It is never read: its name is no one's alone.
type foreignExtension struct {
	// name is the field, or its beginning where it ends in a hyphen.
	name string
	// way is how gantry has it said.
	way string
}

// foreignExtensions lists those of Docker's tools for ECS, ACI and Kubernetes, of
// Compose Bridge's guide to templates and of okteto.
func foreignExtensions() []foreignExtension {
	const service = "kubernetes.services.NAME."
	return []foreignExtension{
		{"x-kubernetes", "the params' kubernetes block, or patch the workload with x-gantry.patches"},
		{"x-virtual-host", service + "ingress.host in ecs-params.yml"},
		{"x-aws-autoscaling", service + "autoscaling in ecs-params.yml"},
		{"x-aws-pull_credentials", "kubernetes.image_pull_secrets in ecs-params.yml"},
		{"x-aws-protocol", "app_protocol of the port"},
		{"x-aws-loadbalancer", service + "ingress in ecs-params.yml"},
		{"x-aws-role", service + "service_account in ecs-params.yml"},
		{"x-aws-policies", service + "service_account in ecs-params.yml"},
		{"x-aws-min_percent", "deploy.update_config of the service"},
		{"x-aws-max_percent", "deploy.update_config of the service"},
		{"x-aws-", "ecs-params.yml, or patch the workload with x-gantry.patches"},
		{"x-azure-", "ecs-params.yml, or patch the workload with x-gantry.patches"},
		{"x-node-selector", service + "node_selector in ecs-params.yml"},
		{"x-okteto", "ecs-params.yml, or patch the workload with x-gantry.patches"},
	}
}

// reportForeignExtensions names the extensions of other tools, since they look
// as if they did something here.
func (r *rendering) reportForeignExtensions(path []string, extensions types.Extensions) {
	name := "NAME"
	if len(path) > 1 {
		name = path[1]
	}
	for _, key := range sortedKeys(extensions) {
		i := slices.IndexFunc(foreignExtensions(), func(f foreignExtension) bool {
			return key == f.name || strings.HasSuffix(f.name, "-") && strings.HasPrefix(key, f.name)
		})
		if i >= 0 {
			r.report(diag.CodeForeignUnread, append(slices.Clone(path), key), "%s is for another tool and is not read", key).
				Hint = "say it with " + strings.ReplaceAll(foreignExtensions()[i].way, "NAME", name)
		}
	}
}
