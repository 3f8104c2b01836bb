package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// The names that are looked for, the preferred one first.
func defaultFileNames() []string {
	return []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
}

func overrideFileNames() []string {
	return []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
}

// inputs is what a load reads, with every choice made.
type inputs struct {
	cwd     string // absolute
	dir     string // project directory, absolute
	files   []namedFile
	env     types.Mapping
	sources []*source
	// envFiles are the env files that were read.
	envFiles []string
	// rec heard what was remarked on the env files.
	rec recorder
}

// namedFile is a Compose file and how the user named it.
type namedFile struct{ path, shown string }

// resolveInputs decides files, project directory and environment in the order
// of docker compose: the shell, then the env files of the first guess at the
// project directory (they may set COMPOSE_FILE), then the files, then the .env
// of the project directory that follows from them.
func resolveInputs(o Options) (*inputs, diag.List) {
	cwd, err := filepath.Abs(o.WorkingDir)
	if err != nil {
		return nil, diag.List{diag.New(diag.InputUnreadable, diag.Pos{}, "", "the working directory cannot be read: %s", err)}
	}
	in := &inputs{cwd: cwd, env: environment(o.Environ, cwd)}
	in.files = in.named(o.Files)
	list := in.loadEnv(o)
	if list.HasErrors() {
		return nil, list
	}
	if len(in.files) == 0 {
		list.Add(in.findFiles(o)...)
	}
	if list.HasErrors() {
		return nil, list
	}
	list.Add(in.loadEnv(o)...)
	if list.HasErrors() {
		return nil, list
	}
	in.dir = in.projectDir(o)
	return in, list
}

// loadEnv reads the env files for the project directory as it is known now.
func (in *inputs) loadEnv(o Options) diag.List {
	files := o.EnvFiles
	if len(files) == 0 {
		files = splitList(in.env["COMPOSE_ENV_FILES"], ",")
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = in.abs(f)
	}
	if len(files) == 0 {
		paths = defaultEnvFile(in.env, in.projectDir(o))
	}
	if slices.Equal(paths, in.envFiles) {
		return nil
	}
	in.envFiles = paths
	var list diag.List
	in.rec.listen(func() { list = readEnvFiles(in.env, paths, in.cwd) })
	return list
}

// projectDir returns --project-directory, else the directory of the first file,
// else the working directory.
func (in *inputs) projectDir(o Options) string {
	if o.ProjectDir != "" {
		return in.abs(o.ProjectDir)
	}
	for _, f := range in.files {
		if f.path != stdinPath {
			return filepath.Dir(f.path)
		}
	}
	return in.cwd
}

// findFiles takes the files from COMPOSE_FILE or from the default names.
func (in *inputs) findFiles(o Options) diag.List {
	separator := in.env["COMPOSE_PATH_SEPARATOR"]
	if separator == "" {
		separator = string(os.PathListSeparator)
	}
	if in.files = in.named(splitList(in.env["COMPOSE_FILE"], separator)); len(in.files) > 0 {
		return nil
	}
	start := in.projectDir(o)
	for dir := start; ; dir = filepath.Dir(dir) {
		found := existing(dir, defaultFileNames())
		if len(found) > 0 {
			return in.chooseFiles(found, existing(dir, overrideFileNames()))
		}
		if dir == filepath.Dir(dir) {
			return diag.List{diag.New(diag.InputNotFound, diag.Pos{}, "", "no Compose file in %s or a directory above it", start).
				WithHint("name one with -f FILE, or create compose.yaml")}
		}
	}
}

// chooseFiles takes the preferred file and its override, and says what is left out.
func (in *inputs) chooseFiles(found, overrides []string) diag.List {
	var list diag.List
	for _, group := range [][]string{found, overrides} {
		if len(group) == 0 {
			continue
		}
		first := namedFile{group[0], shorten(in.cwd, group[0])}
		in.files = append(in.files, first)
		if len(group) > 1 {
			list.Add(diag.New(diag.InputSeveralFiles, diag.Pos{File: first.shown}, "", "this file is read, and %s is not", strings.Join(baseNames(group[1:]), ", ")).
				WithHint("remove one, or choose with -f"))
		}
	}
	return list
}

func baseNames(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = filepath.Base(p)
	}
	return out
}

// existing returns those of the names that exist in a directory.
func existing(dir string, names []string) []string {
	var out []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	return out
}

// named makes file names absolute and keeps how they were typed.
func (in *inputs) named(files []string) []namedFile {
	var out []namedFile
	for _, f := range files {
		path := in.abs(f)
		shown := shorten(in.cwd, path)
		if f != stdinPath && !filepath.IsAbs(f) {
			shown = filepath.Clean(f)
		}
		out = append(out, namedFile{path, shown})
	}
	return out
}

func (in *inputs) abs(path string) string {
	if path == stdinPath || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(in.cwd, path)
}

// splitList splits a list variable and drops empty parts.
func splitList(value, separator string) []string {
	var out []string
	for part := range strings.SplitSeq(value, separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// readSources reads all Compose files.
func (in *inputs) readSources(o Options) diag.List {
	var list diag.List
	for _, f := range in.files {
		s, faults := readSource(f.path, f.shown, o.Stdin)
		in.sources = append(in.sources, s)
		list.Add(faults...)
	}
	return list
}

// profiles returns the active profiles.
func (in *inputs) profiles(o Options) []string {
	if len(o.Profiles) > 0 {
		return o.Profiles
	}
	return splitList(in.env["COMPOSE_PROFILES"], ",")
}

func (in *inputs) shownFiles() []string {
	out := make([]string, len(in.files))
	for i, f := range in.files {
		out[i] = f.shown
	}
	return out
}
