package compose

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// environment turns NAME=VALUE entries into a mapping and adds PWD, which files
// refer to and shells set, when it is absent.
func environment(environ []string, cwd string) types.Mapping {
	env := types.Mapping{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok {
			env[name] = value
		}
	}
	if _, ok := env["PWD"]; !ok {
		env["PWD"] = cwd
	}
	return env
}

// readEnvFiles adds to the environment what env files define; what is there
// already wins, and among the files the later one.
func readEnvFiles(env types.Mapping, files []string, cwd string) diag.List {
	var list diag.List
	for _, file := range files {
		shown := shorten(cwd, file)
		if d, bad := checkEnvFile(env, envFile{path: file, shown: shown}, diag.Pos{File: shown}, ""); bad {
			list.Add(d)
		}
	}
	if len(list) > 0 {
		return list
	}
	values, err := dotenv.GetEnvFromFile(env, files)
	if err != nil {
		// Each file was read alone just before: this is a change in between.
		return diag.List{diag.New(diag.InputEnvFile, diag.Pos{}, "", "the env files changed while they were read")}
	}
	env.Merge(values)
	return nil
}

// checkEnvFile reads one env file and says what is wrong with it, at the line
// in it or, when it cannot be read at all, at the place that names it. A line's
// content is never shown: it may be secret.
func checkEnvFile(env types.Mapping, file envFile, at diag.Pos, path string) (diag.Diagnostic, bool) {
	content, err := os.ReadFile(file.path)
	if err != nil {
		d := unreadable(diag.InputEnvFile, at, path, file.shown, err)
		if errors.Is(err, fs.ErrNotExist) {
			d = d.WithHint("create it, or correct its name")
		}
		return d, true
	}
	if file.format == "raw" {
		err = parseRaw(bytes.NewReader(content), "", types.Mapping{}, env.Resolve)
	} else {
		_, err = dotenv.ParseWithLookup(bytes.NewReader(content), env.Resolve)
	}
	if err == nil {
		return diag.Diagnostic{}, false
	}
	return envFault(file.path, file.shown, err), true
}

// envFile is a file of NAME=VALUE lines and how it is shown.
type envFile struct{ path, shown, format string }

var envFaultLine = regexp.MustCompile(`line (\d+): (unexpected character|key cannot contain a space|unterminated quoted value)`)

// envFault reports a line of an env file that cannot be read.
func envFault(file, shown string, err error) diag.Diagnostic {
	m := envFaultLine.FindStringSubmatch(err.Error())
	if m == nil {
		return diag.New(diag.InputEnvFile, diag.Pos{File: shown}, "", "the env file cannot be read: a variable in it has an invalid expression").
			WithHint("write a literal dollar sign as $$, or put the value in single quotes")
	}
	line, _ := strconv.Atoi(m[1])
	d := diag.New(diag.InputEnvFile, diag.Pos{File: shown, Line: line, Col: 1}, "", "this line is not NAME=VALUE")
	if m[2] == "unterminated quoted value" {
		d.Message = "the quoted value that starts here is never closed"
		d.Pos.Line = openQuoteLine(file, line)
		return d.WithHint("add the closing quote")
	}
	return d.WithHint("a name has letters, digits and _, a comment starts with #")
}

// openQuoteLine finds the line on which an unterminated quote starts: the last
// line, up to the one where the reader gave up, that begins a quoted value.
func openQuoteLine(file string, last int) int {
	content, err := os.ReadFile(file)
	if err != nil {
		return last
	}
	begins := regexp.MustCompile(`^\s*(?:export\s+)?[\w.\-\[\]]+\s*[=:]\s*(?:"[^"]*|'[^']*)$`)
	lines := strings.Split(strings.ReplaceAll(string(content), "\r", ""), "\n")
	for i := min(last, len(lines)); i > 0; i-- {
		if begins.MatchString(lines[i-1]) {
			return i
		}
	}
	return last
}

// defaultEnvFile returns the .env file of a directory, or nothing when there is
// none or the environment forbids it.
func defaultEnvFile(env types.Mapping, dir string) []string {
	if off, _ := strconv.ParseBool(env["COMPOSE_DISABLE_ENV_FILE"]); off {
		return nil
	}
	file := filepath.Join(dir, ".env")
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return nil
	}
	return []string{file}
}
