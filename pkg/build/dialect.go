package build

// The names of the builders.
const (
	docker  = "docker"
	podman  = "podman"
	buildah = "buildah"
	nerdctl = "nerdctl"
)

// dialect is how a builder spells what gantry asks of it.
type dialect struct {
	name string
	// probes are commands that succeed when it can be used.
	probes [][]string
	// build, push and save begin the commands; buildPush builds images of
	// several platforms and pushes them at once, where the tool does it so.
	build, buildPush []string
	pull             string
	push             func(image string, several bool) []string
	// save writes an image under a further name into an archive.
	save func(image, name, file string) [][]string
	// manifest says that images of several platforms are made into a manifest
	// list, which needs its own flag in place of -t.
	manifest bool
}

// dialects returns the builders in the order of preference.
func dialects() []dialect {
	return []dialect{
		{
			name: docker, probes: [][]string{{"buildx", "version"}, {"version", "--format", "{{.Server.Version}}"}},
			build: []string{"buildx", "build", "--load"}, buildPush: []string{"buildx", "build", "--push"}, pull: "--pull",
			push: pushPlain, save: saveTagged,
		},
		{
			name: podman, probes: [][]string{{"version"}}, build: []string{"build", "--layers"}, pull: "--pull=always",
			push: pushManifest, save: saveTagged, manifest: true,
		},
		{
			name: buildah, probes: [][]string{{"version"}}, build: []string{"build", "--layers"}, pull: "--pull=always",
			push: pushManifest, save: saveArchive, manifest: true,
		},
		{
			name: nerdctl, probes: [][]string{{"info"}}, build: []string{"build"}, pull: "--pull=true",
			push: pushAll, save: saveTagged,
		},
	}
}

func pushPlain(image string, _ bool) []string { return []string{"push", image} }

func pushManifest(image string, several bool) []string {
	if several {
		return []string{"manifest", "push", "--all", image, "docker://" + image}
	}
	return []string{"push", image}
}

func pushAll(image string, several bool) []string {
	if several {
		return []string{"push", "--all-platforms", image}
	}
	return []string{"push", image}
}

func saveTagged(image, name, file string) [][]string {
	return [][]string{{"tag", image, name}, {"save", "-o", file, name}}
}

func saveArchive(image, name, file string) [][]string {
	return [][]string{{"push", image, "docker-archive:" + file + ":" + name}}
}
