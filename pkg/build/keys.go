package build

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// key is a row of the table: how a key below `build` is handed to the tools.
type key struct {
	// name is the key's name in the file.
	name string
	// set reports whether the service uses it.
	set func(*types.BuildConfig) bool
	// flags turns it into flags; nil where the job handles it itself.
	flags func(j *Job, b *types.BuildConfig) []string
	// only lists the tools that have such a flag; nil means all of them.
	only []string
}

// keys returns the table in the order of the flags.
func keys() []key {
	return slices.Concat(inputKeys(), resultKeys(), cacheKeys(), sandboxKeys())
}

// inputKeys are what is built from.
func inputKeys() []key {
	return []key{
		{"context", func(b *types.BuildConfig) bool { return b.Context != "" }, nil, nil},
		{"dockerfile", func(b *types.BuildConfig) bool { return b.Dockerfile != "" }, nil, nil},
		{"dockerfile_inline", func(b *types.BuildConfig) bool { return b.DockerfileInline != "" }, nil, nil},
		{"args", func(b *types.BuildConfig) bool { return len(b.Args) > 0 }, buildArgs, nil},
		{"additional_contexts", func(b *types.BuildConfig) bool { return len(b.AdditionalContexts) > 0 }, nil, nil},
		{"target", func(b *types.BuildConfig) bool { return b.Target != "" },
			func(_ *Job, b *types.BuildConfig) []string { return []string{"--target", b.Target} }, nil},
		{"secrets", func(b *types.BuildConfig) bool { return len(b.Secrets) > 0 }, nil, nil},
		{"ssh", func(b *types.BuildConfig) bool { return len(b.SSH) > 0 }, sshFlags, nil},
	}
}

// resultKeys are what the image is to be.
func resultKeys() []key {
	return []key{
		{"labels", func(b *types.BuildConfig) bool { return len(b.Labels) > 0 },
			func(_ *Job, b *types.BuildConfig) []string { return pairs("--label", b.Labels, "=") }, nil},
		{"tags", func(b *types.BuildConfig) bool { return len(b.Tags) > 0 },
			func(_ *Job, b *types.BuildConfig) []string { return each("-t", b.Tags) }, nil},
		{"platforms", func(b *types.BuildConfig) bool { return len(b.Platforms) > 0 }, nil, nil},
		{"provenance", func(b *types.BuildConfig) bool { return b.Provenance != "" },
			func(_ *Job, b *types.BuildConfig) []string { return []string{"--provenance=" + b.Provenance} }, []string{docker}},
		{"sbom", func(b *types.BuildConfig) bool { return b.SBOM != "" },
			func(_ *Job, b *types.BuildConfig) []string { return []string{"--sbom=" + b.SBOM} }, []string{docker}},
	}
}

// cacheKeys are what is taken from earlier builds.
func cacheKeys() []key {
	return []key{
		{"cache_from", func(b *types.BuildConfig) bool { return len(b.CacheFrom) > 0 },
			func(j *Job, b *types.BuildConfig) []string { return each("--cache-from", j.caches(b.CacheFrom)) }, nil},
		{"cache_to", func(b *types.BuildConfig) bool { return len(b.CacheTo) > 0 },
			func(j *Job, b *types.BuildConfig) []string { return each("--cache-to", j.caches(b.CacheTo)) }, nil},
		{"no_cache", func(b *types.BuildConfig) bool { return b.NoCache },
			func(*Job, *types.BuildConfig) []string { return []string{"--no-cache"} }, nil},
		{"no_cache_filter", func(b *types.BuildConfig) bool { return len(b.NoCacheFilter) > 0 },
			func(_ *Job, b *types.BuildConfig) []string {
				return []string{"--no-cache-filter", strings.Join(b.NoCacheFilter, ",")}
			}, []string{docker}},
		{"pull", func(b *types.BuildConfig) bool { return b.Pull },
			func(j *Job, _ *types.BuildConfig) []string { return []string{j.tool.dialect.pull} }, nil},
	}
}

// sandboxKeys are where the steps of the Dockerfile run.
func sandboxKeys() []key {
	return []key{
		{"network", func(b *types.BuildConfig) bool { return b.Network != "" && b.Network != "default" },
			func(_ *Job, b *types.BuildConfig) []string { return []string{"--network", b.Network} }, nil},
		{"extra_hosts", func(b *types.BuildConfig) bool { return len(b.ExtraHosts) > 0 },
			func(_ *Job, b *types.BuildConfig) []string {
				return each("--add-host", sorted(b.ExtraHosts.AsList(":")))
			},
			[]string{docker, podman, buildah}},
		{"shm_size", func(b *types.BuildConfig) bool { return b.ShmSize > 0 },
			func(_ *Job, b *types.BuildConfig) []string {
				return []string{"--shm-size", strconv.FormatInt(int64(b.ShmSize), 10) + "b"}
			},
			[]string{docker, podman, buildah}},
		{"ulimits", func(b *types.BuildConfig) bool { return len(b.Ulimits) > 0 }, ulimitFlags, []string{docker, podman, buildah}},
		{"entitlements", func(b *types.BuildConfig) bool { return len(b.Entitlements) > 0 },
			func(_ *Job, b *types.BuildConfig) []string { return each("--allow", b.Entitlements) }, []string{docker}},
		{"privileged", func(b *types.BuildConfig) bool { return b.Privileged },
			func(*Job, *types.BuildConfig) []string { return []string{"--allow", "security.insecure"} }, []string{docker}},
		{"isolation", func(b *types.BuildConfig) bool { return b.Isolation != "" }, nil, []string{}},
	}
}

// buildArgs hands values over in the environment where that is possible, so
// that they are in no list of processes. A tool would itself obey a variable
// such as PATH or HTTP_PROXY: one that is set here already goes the other way.
func buildArgs(j *Job, b *types.BuildConfig) []string {
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(b.Args)) {
		value := b.Args[name]
		switch {
		case value == nil:
			flags = append(flags, "--build-arg", name)
		case j.tool.hasVariable(name):
			flags = append(flags, "--build-arg", name+"="+*value)
		default:
			flags = append(flags, "--build-arg", name)
			j.env = append(j.env, name+"="+*value)
		}
	}
	return flags
}

func (t Tool) hasVariable(name string) bool {
	return slices.ContainsFunc(t.Environ, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
}

func sshFlags(_ *Job, b *types.BuildConfig) []string {
	var list []string
	for _, key := range b.SSH {
		if key.Path == "" {
			list = append(list, key.ID)
			continue
		}
		list = append(list, key.ID+"="+key.Path)
	}
	return each("--ssh", sorted(list)) // the loader has them in no order
}

func ulimitFlags(_ *Job, b *types.BuildConfig) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(b.Ulimits)) {
		limit := b.Ulimits[name]
		soft, hard := limit.Soft, limit.Hard
		if limit.Single != 0 {
			soft, hard = limit.Single, limit.Single
		}
		list = append(list, fmt.Sprintf("%s=%d:%d", name, soft, hard))
	}
	return each("--ulimit", list)
}

// caches spells sources of a cache. podman and buildah know repositories only.
func (j *Job) caches(list []string) []string {
	if j.tool.dialect.name == docker || j.tool.dialect.name == nerdctl {
		return list
	}
	var out []string
	for _, source := range list {
		if repository, ok := cacheRepository(source); ok {
			out = append(out, repository)
		}
	}
	return out
}

// cacheRepository returns the repository that a source of a cache names: the
// source itself, or ref of type=registry. Tags do not belong to it.
func cacheRepository(source string) (string, bool) {
	if !strings.Contains(source, "=") {
		return untagged(source), true
	}
	kind, ref := "", ""
	for part := range strings.SplitSeq(source, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "type":
			kind = value
		case "ref":
			ref = value
		}
	}
	return untagged(ref), kind == "registry" && ref != ""
}

func each(flag string, values []string) []string {
	var out []string
	for _, value := range values {
		out = append(out, flag, value)
	}
	return out
}

func pairs(flag string, values map[string]string, sep string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, name+sep+values[name])
	}
	return each(flag, list)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
