package render

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
)

// processRows holds the rows of the process: what runs, from which image.
func processRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.image", Support: Full, Target: "container.image",
			Doc: "Taken as it stands, or what `gantry compose build` made of `build` on this machine. A service with `build` alone that was not " +
				"built has no name that a cluster could pull: that is an error (allow it where a kustomization's `images` or a node's own store gives the image PROJECT-SERVICE). " +
				"What the image says of itself is read once, by `gantry compose lock`, into gantry.lock; where that file is, its EXPOSE, USER, HEALTHCHECK and VOLUME are mapped as the attributes that say the same, below what the Compose file says. " +
				"With `gantry compose lock --pin` the image is named by its digest.",
			Codes: []diag.Code{diag.CodeImageMissing, diag.BuildUsed, diag.CodeImageNotLocked, diag.CodeImageNotPinned, diag.CodeImageGives, diag.CodeVolumeSeed}, Map: mapImage,
		},
		{
			Path: "services.*.command", Support: Full, Target: "container.args",
			Doc: "Replaces the image's CMD. `$` is written `$$`, since the kubelet would expand `$(NAME)` and halve `$$`. " +
				"An empty command is the image's own, as under Docker.",
			Map: mapCommand,
		},
		{
			Path: "services.*.entrypoint", Support: Full, Target: "container.command",
			Doc: "Replaces the image's ENTRYPOINT and, as under Docker, its CMD. `$` is written `$$`. A cleared entrypoint " +
				"(`[]` or \"\") makes `command` the whole command line; without a command it is the image's CMD, which gantry.lock knows: without that it is an error.",
			Codes: []diag.Code{diag.CodeEntrypointCleared}, Map: mapEntrypoint,
		},
		{
			Path: "services.*.working_dir", Support: Full, Target: "container.workingDir", Doc: "Taken as it stands.",
			Map: func(c *Ctx) { c.Container.WorkingDir = c.Service.WorkingDir },
		},
		{
			Path: "services.*.tty", Support: Full, Target: "container.tty", Doc: "Taken as it stands.",
			Map: func(c *Ctx) { c.Container.TTY = c.Service.Tty },
		},
		{
			Path: "services.*.stdin_open", Support: Full, Target: "container.stdin", Doc: "Taken as it stands.",
			Map: func(c *Ctx) { c.Container.Stdin = c.Service.StdinOpen },
		},
		{
			Path: "services.*.init", Support: Partial, Target: "pod.spec.shareProcessNamespace",
			Doc: "Pods have no init setting. With a process namespace shared in the pod, its pause process is PID 1: it reaps " +
				"zombies, and the service's process gets the default signal actions, which is what Docker's init is for. ecs-params' init_process_enabled is the same.",
			Codes: []diag.Code{diag.CodeInit}, Map: mapInit,
		},
		{
			Path: "services.*.pull_policy", Support: Full, Target: "container.imagePullPolicy",
			Doc: "always, never and missing have their counterparts. Not set is IfNotPresent, written out because Kubernetes would " +
				"pull `:latest` on every start and docker compose does not. Policies by age become Always, `build` IfNotPresent.",
			Codes: []diag.Code{diag.CodePullPolicyTimed, diag.CodePullPolicyBuild}, Map: mapPullPolicy,
		},
		{
			Path: "services.*.pull_refresh_after", Support: Partial, Target: "container.imagePullPolicy", Codes: []diag.Code{diag.CodePullPolicyTimed},
			Doc: "Images are not pulled by their age: without a pull_policy it becomes Always, which asks the registry at every start of a pod.", Map: mapRefreshAfter,
		},
	}
}

func mapImage(c *Ctx) {
	c.reportUnlocked()
	// A hook may name an image of its own.
	ofService := c.Service.Image == c.Project.Services[c.owner()].Image || c.Section == "jobs"
	if built := c.Options.Built[c.owner()]; built != "" && ofService {
		c.Container.Image = built
		c.Report(diag.BuildUsed, "image", "the image of service %s is the one that was built here: %s", c.owner(), built)
		return
	}
	if c.Service.Image != "" {
		c.Container.Image = c.pinned(c.Service.Image, c.image.Digest, []string{"image"})
	}
	if c.Service.Image != "" || c.Service.Provider != nil {
		return
	}
	c.Container.Image = image.Name(c.Project.Name, c.owner(), "")
	d := c.Report(diag.CodeImageMissing, "build", "service %s is built here and has no image that a cluster could pull", c.owner())
	d.Hint = "run `gantry compose build` (or `up --build`), which keeps what came of it; or add `image: REGISTRY/NAME:TAG` beside `build`, then build and push it under that name"
}

// Docker's rules for what runs: a stated entrypoint replaces the image's
// ENTRYPOINT and CMD; an empty one leaves the command alone as the command line.
// Kubernetes has the same rule for command and args, except that it cannot clear
// an entrypoint without naming another.
func mapEntrypoint(c *Ctx) {
	entrypoint, command := c.Service.Entrypoint, c.Service.Command
	switch {
	case len(entrypoint) > 0:
		c.Container.Command = escapeAll(entrypoint)
	case entrypoint == nil:
	case len(command) > 0:
		c.Container.Command, c.Container.Args = escapeAll(command), nil
	case len(c.image.Cmd) > 0:
		c.Container.Command = escapeAll(c.image.Cmd)
		c.gives("the command line (CMD)")
	case c.locked:
		c.Report(diag.CodeEntrypointCleared, "entrypoint", "the entrypoint is cleared, there is no command, and the image has no CMD").
			Hint = "write what to run as `command`"
	default:
		c.Report(diag.CodeEntrypointCleared, "entrypoint", "the entrypoint is cleared, and without a command only the image knows what to run").
			Hint = "write the image's CMD as `command`, or run `" + c.lockCommand() + "` to have it read from the image"
	}
}

func mapCommand(c *Ctx) { c.Container.Args = escapeAll(c.Service.Command) }

// escape protects a text from the kubelet's expansion, which replaces $(NAME)
// and turns $$ into $ (Kubernetes, "Define dependent environment variables").
func escape(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// escapeAll escapes each element; nil for none.
func escapeAll(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := slices.Clone(list)
	for i := range out {
		out[i] = escape(out[i])
	}
	return out
}

func mapInit(c *Ctx) {
	const text = "the pod's own process reaps zombies: the service is not PID 1, as under Docker's init"
	on := c.Service.Init != nil && *c.Service.Init
	stated := c.ParamsService().InitProcessEnabled
	if stated != nil {
		on = *stated
	}
	switch {
	case !on:
		return
	case stated != nil:
		c.reportParams(diag.CodeInit, "init_process_enabled", text)
	default:
		c.Report(diag.CodeInit, "init", text)
	}
	c.Pod.ShareProcessNamespace = ptr(true)
}

func mapPullPolicy(c *Ctx) {
	policy, _, err := c.Service.GetPullPolicy()
	if err != nil {
		policy = types.PullPolicyRefresh
	}
	switch policy {
	case types.PullPolicyAlways:
		c.Container.ImagePullPolicy = corev1.PullAlways
	case types.PullPolicyNever:
		c.Container.ImagePullPolicy = corev1.PullNever
	case types.PullPolicyRefresh:
		c.Container.ImagePullPolicy = corev1.PullAlways
		c.Report(diag.CodePullPolicyTimed, "pull_policy", "images are not pulled by their age: the policy becomes Always, which pulls at every start of a pod").
			Hint = "use `pull_policy: always`, or a tag that changes with the content"
	case types.PullPolicyBuild:
		c.Container.ImagePullPolicy = corev1.PullIfNotPresent
		c.Report(diag.CodePullPolicyBuild, "pull_policy", "a cluster builds nothing: the image is pulled where it is missing").
			Hint = "build the image with `gantry compose up --build`"
	default:
		c.Container.ImagePullPolicy = corev1.PullIfNotPresent
	}
}

// ptr returns a pointer to a value.
func ptr[T any](v T) *T { return &v }

// mapRefreshAfter asks the registry more often than the file wants, never less.
func mapRefreshAfter(c *Ctx) {
	if c.Service.PullRefreshAfter == "" {
		return
	}
	if c.Service.PullPolicy == "" {
		c.Container.ImagePullPolicy = corev1.PullAlways
	}
	c.Report(diag.CodePullPolicyTimed, "pull_refresh_after", "images are not pulled by their age: the pull policy is %s", c.Container.ImagePullPolicy).
		Hint = "use `pull_policy: always`, or a tag that changes with the content"
}
