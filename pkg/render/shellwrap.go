package render

import (
	"fmt"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// wrapRows holds the rows of what a process can only set for itself.
func wrapRows() []Attribute {
	const doc = " No field of a pod sets it. Where the file states the `entrypoint`, or gantry.lock knows the image's, and `x-gantry: {shell: true}` says that the image has a shell, /bin/sh sets it and becomes the process. "
	return []Attribute{
		{
			Path: "services.*.ulimits", Covers: []string{"*", "*.soft", "*.hard"}, Support: Partial, Target: "container.command", Codes: []diag.Code{diag.CodeUlimits}, Map: mapUlimits,
			Doc: "Soft and hard limits of the process." + doc + "No shell can raise a hard limit above the one that the node's runtime sets. Otherwise it is reported.",
		},
		{
			Path: "services.*.oom_score_adj", Support: Partial, Target: "container.command", Codes: []diag.Code{diag.CodeOOM}, Map: mapOOMScore,
			Doc: "The kubelet derives the score from reservation and limit." + doc + "A process may only raise its own score: a negative value, or one below the kubelet's, is reported and changes nothing.",
		},
		{
			Path: "services.*.umask", Support: Partial, Target: "container.command", Codes: []diag.Code{diag.CodeUmask}, Map: mapUmask,
			Doc: "The permissions that new files lack." + doc + "Otherwise it is an error; allowed, the image's own umask applies.",
		},
	}
}

// canWrap reports whether a shell may stand before the service's process.
func (c *Ctx) canWrap() bool {
	on, _ := extensionBool(c.Service.Extensions, "shell")
	return on && (len(c.Service.Entrypoint) > 0 || len(c.image.Entrypoint)+len(c.image.Cmd) > 0)
}

// stateCommandLine writes out what the image would run, so that a shell can
// stand before it.
func (c *Ctx) stateCommandLine() {
	if len(c.Container.Command) > 0 {
		return
	}
	c.Container.Command = escapeAll(c.image.Entrypoint)
	if len(c.Container.Args) == 0 {
		c.Container.Args = escapeAll(c.image.Cmd)
	}
}

// wrap lets a shell run a command and then become the process.
func (c *Ctx) wrap(setup string) {
	c.stateCommandLine()
	if len(c.Container.Command) > 3 && c.Container.Command[1] == "-c" && strings.HasSuffix(c.Container.Command[2], wrapEnd) {
		c.Container.Command[2] = setup + " && " + c.Container.Command[2]
		return
	}
	c.Container.Command = append([]string{"/bin/sh", "-c", setup + " && " + wrapEnd, "sh"}, c.Container.Command...)
}

// wrapEnd runs what follows the script, written for the kubelet, which takes
// `$$` for `$`.
const wrapEnd = `exec "$$@"`

func mapUmask(c *Ctx) {
	if c.Service.Umask == nil {
		return
	}
	if !c.canWrap() {
		c.Report(diag.CodeUmask, "umask", "has no field in a pod: the umask is the image's own").
			Hint = "state the `entrypoint` (or run `gantry compose lock`) and set x-gantry: {shell: true} to let the image's shell set it, or accept the image's with x-gantry: {allow: [GTY239]}"
		return
	}
	c.wrap(fmt.Sprintf("umask %04o", *c.Service.Umask))
}

func mapOOMScore(c *Ctx) {
	score := c.Service.OomScoreAdj
	switch {
	case score == 0:
	case score > 0 && c.canWrap():
		// The kernel refuses less than the kubelet's own, which is no reason to fail.
		c.wrap(fmt.Sprintf("{ echo %d > /proc/self/oom_score_adj || true; } 2>/dev/null", score))
		c.Report(diag.CodeOOM, "oom_score_adj", "the score is only raised: the kubelet's own may be higher").Severity = diag.Info
	case score > 0:
		c.Report(diag.CodeOOM, "oom_score_adj", "no field of a pod sets the score: the kubelet derives it from reservation and limit").
			Hint = "reserve less than what is more important does, or state the `entrypoint` and set x-gantry: {shell: true} to let the image's shell raise it"
	default:
		c.Report(diag.CodeOOM, "oom_score_adj", "no field of a pod sets the score, and a process cannot lower its own: the kubelet derives it from reservation and limit").
			Hint = "reserve and limit the same amounts of memory and CPU: such a container is ended last"
	}
}

// ulimitOption is the option of the shell's ulimit for one of Docker's names;
// "" if it has none.
func ulimitOption(name string) string {
	for _, o := range []struct{ name, option string }{
		{"core", "c"}, {"cpu", "t"}, {"data", "d"}, {"fsize", "f"}, {"memlock", "l"}, {"nofile", "n"}, {"nproc", "p"}, {"stack", "s"}, {"rss", "m"},
	} {
		if o.name == name {
			return o.option
		}
	}
	return ""
}

func mapUlimits(c *Ctx) {
	for _, name := range sortedKeys(c.Service.Ulimits) {
		limit, option := c.Service.Ulimits[name], ulimitOption(name)
		if limit == nil {
			continue
		}
		if !c.canWrap() || option == "" {
			c.reportAt(diag.CodeUlimits, []string{"ulimits", name}, "%s has no field in a pod: the container runtime of the node sets it", name).
				Hint = "raise it in the runtime's configuration, or state the `entrypoint` (or run `gantry compose lock`) and set x-gantry: {shell: true} to let the image's shell lower it"
			continue
		}
		soft, hard := limit.Soft, limit.Hard
		if limit.Single != 0 {
			soft, hard = limit.Single, limit.Single
		}
		// The soft limit first: the kernel refuses a hard one below it.
		c.wrap(fmt.Sprintf("ulimit -S%s %s && ulimit -H%s %s", option, ulimitValue(name, soft), option, ulimitValue(name, hard)))
	}
}

// ulimitValue is in the unit of the shell, which counts sizes in KiB (files
// and core dumps in blocks of 512 bytes) where Docker counts in bytes.
func ulimitValue(name string, n int) string {
	switch {
	case n < 0:
		return "unlimited"
	case name == "fsize" || name == "core":
		return fmt.Sprint(n / 512)
	case name == "data" || name == "memlock" || name == "stack" || name == "rss":
		return fmt.Sprint(n / 1024)
	default:
		return fmt.Sprint(n)
	}
}
