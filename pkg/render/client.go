package render

import "slices"

// clientRows holds the rows of what gantry's verbs and the loader do: build,
// develop, profiles, extends; and those of what needs Docker's own programs.
func clientRows() []Attribute {
	return append(slices.Concat(buildRows(), modelRows()),
		Attribute{Path: "services.*.profiles", Support: Loader, Doc: "Decides which services are part of the project: `--profile`, COMPOSE_PROFILES."},
		Attribute{Path: "services.*.extends", Covers: []string{"file", "service"}, Support: Loader, Doc: "Resolved when the files are read."},
		Attribute{Path: "services.*.attach", Support: Client, Doc: "Whether `up` follows the service's output."},
		Attribute{
			Path: "services.*.develop", Support: Client, Doc: "What happens on this machine when a file changes. Nothing of it is in a manifest.",
			Covers: []string{
				"watch", "watch.[].action", "watch.[].path", "watch.[].target", "watch.[].ignore", "watch.[].include", "watch.[].initial_sync",
				"watch.[].exec", "watch.[].exec.command", "watch.[].exec.user", "watch.[].exec.privileged", "watch.[].exec.working_dir",
				"watch.[].exec.environment", "watch.[].exec.environment.*",
			},
		},
		Attribute{Path: "services.*.name", Support: Loader, Doc: "The key under `services`."},
		Attribute{Path: "services.*.net", Support: Loader, Doc: "Compose version 1: read as network_mode."},
		Attribute{Path: "services.*.log_driver", Support: Loader, Doc: "Compose version 1: read as logging.driver."},
		Attribute{Path: "services.*.log_opt", Support: Loader, Doc: "Compose version 1: read as logging.options."},
		Attribute{Path: "services.*.volume_driver", Support: Loader, Doc: "Compose version 1: read as driver of the service's named volumes."},
		Attribute{Path: "services.*.dockerfile", Support: Loader, Doc: "Compose version 1: read as build.dockerfile."},
	)
}

func buildRows() []Attribute {
	return []Attribute{{
		Path: "services.*.build", Support: Client,
		Doc: "How to build the image that `image` names. Nothing of it is in a manifest: `gantry compose build`, `push` and `up --build` hand it to the image builder of this machine (docker buildx, podman, buildah, nerdctl), and name each key that it has no setting for.",
		Covers: []string{
			"additional_contexts", "additional_contexts.*", "args", "args.*", "cache_from", "cache_to", "context", "dockerfile", "dockerfile_inline",
			"entitlements", "extra_hosts", "extra_hosts.*", "isolation", "labels", "labels.*", "network", "no_cache", "no_cache_filter", "platforms",
			"privileged", "provenance", "pull", "sbom", "secrets", "secrets.[].gid", "secrets.[].mode", "secrets.[].source", "secrets.[].target",
			"secrets.[].uid", "shm_size", "ssh", "ssh.*", "tags", "target", "ulimits", "ulimits.*", "ulimits.*.hard", "ulimits.*.soft",
		},
	}}
}
