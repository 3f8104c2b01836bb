package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Preparation is what docker's API prepares for a command that is started in a
// container and Kubernetes' does not. A shell in the container does it.
type Preparation struct {
	// Env are variables as NAME=VALUE.
	Env []string
	// Dir is the working directory; "" is the container's.
	Dir string
	// Detach leaves the command running and returns.
	Detach bool
}

// ErrVariable says that a shell cannot export a variable of that name.
var ErrVariable = errors.New("not a name that a shell can export")

// Command returns the command that prepares, then becomes command. Values of
// variables are no part of it, as servers log commands: they are put into a file
// in the container's memory, which the shell removes before the command begins.
func (p Preparation) Command(ctx context.Context, c *Client, at Replica, command []string) ([]string, error) {
	script, args := "", []string{}
	if len(p.Env) > 0 {
		file, err := p.store(ctx, c, at)
		if err != nil {
			return nil, err
		}
		script, args = script+`. "$1"; rm -f "$1"; shift; `, append(args, file)
	}
	if p.Dir != "" {
		script, args = script+`cd "$1" || exit 126; shift; `, append(args, p.Dir)
	}
	switch {
	case p.Detach:
		script += `"$@" </dev/null >/dev/null 2>&1 &`
	case script == "":
		return command, nil
	default:
		script += `exec "$@"`
	}
	return append(append([]string{shell, "-c", script, shell}, args...), command...), nil
}

// storeScript writes its input into the first folder that can be written, which
// only its user can read, and removes it when nobody has come for it.
const storeScript = `umask 077
for d in /dev/shm /tmp .; do
	if { cat > "$d/$1"; } 2>/dev/null; then
		{ sleep 60; rm -f "$d/$1"; } </dev/null >/dev/null 2>&1 &
		echo "$d/$1"; exit 0
	fi
done
exit 1`

// store puts the variables into a file in the container and returns its path.
func (p Preparation) store(ctx context.Context, c *Client, at Replica) (string, error) {
	assignments, err := exports(p.Env)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var out strings.Builder
	code, err := Exec(ctx, c, at, []string{shell, "-c", storeScript, shell, ".gantry-" + rand.Text()}, Streams{In: strings.NewReader(assignments), Out: &out})
	switch {
	case err != nil:
		return "", err
	case code != 0:
		return "", fail(diag.ExecNotStarted, "mount a tmpfs at /tmp in the Compose file", "%s: variables cannot be handed over: no folder of the container can be written", at.Label())
	}
	return strings.TrimSpace(out.String()), nil
}

// exports returns the shell's commands that set the variables.
func exports(env []string) (string, error) {
	var out strings.Builder
	exportable := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if !exportable.MatchString(name) {
			return "", fmt.Errorf("variable %q: %w", name, ErrVariable)
		}
		fmt.Fprintf(&out, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return out.String(), nil
}
