package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/image/inspect"
)

type lockOptions struct {
	f         *Factory
	archives  []string
	platform  string
	format    string
	check     bool
	pin       bool
	pinStated func() bool
	insecure  bool
	buildable bool
	quiet     bool
}

// NewCmdLock returns `compose lock`: what the images say of themselves, kept.
func NewCmdLock(f *Factory) *cobra.Command {
	o := &lockOptions{f: f}
	cmd := &cobra.Command{
		Use:   "lock [SERVICE...]",
		Short: "Read what the images say of themselves into gantry.lock",
		Long: `Read the images' ports (EXPOSE), user (USER), healthcheck (HEALTHCHECK), volumes
(VOLUME), stop signal, entrypoint and command from their registries or from
archives, and keep them in gantry.lock beside the Compose file. Where that file
is, every other command uses it and asks no registry.

Without a SERVICE all images are read, and what no service uses any more is
removed. Credentials are those of "docker login". See docs/images.md.`,
		Example: `  gantry compose lock
  gantry compose lock --pin                        # and name images by digest
  gantry compose lock --archive shop-web=web.tar   # from docker save
  gantry compose lock --check                      # exit with 4 when out of date`,
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&o.archives, "archive", nil, "`IMAGE=PATH` to read from a file of docker save or an OCI layout; repeatable")
	fs.StringVar(&o.platform, "platform", "", "`OS/ARCH` of services that name none (default: the lock's, else "+image.DefaultPlatform+")")
	fs.BoolVar(&o.pin, "pin", false, "name images by their digest in manifests from now on; --pin=false ends it")
	fs.BoolVar(&o.check, "check", false, "write nothing, exit with 4 when the lock is out of date")
	fs.BoolVar(&o.insecure, "insecure", false, "use registries without TLS or with a certificate that is not trusted")
	fs.BoolVar(&o.buildable, "ignore-buildable", false, "leave out images that are built here and come from no archive")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print no table")
	formatVar(fs, &o.format)
	o.pinStated = func() bool { return fs.Changed("pin") }
	return f.verb(cmd, "lock", o.run, f.projectSet, f.clusterSet)
}

func (o *lockOptions) run(ctx context.Context, services []string) error {
	archives, err := o.parseArchives()
	if err != nil {
		return err
	}
	project, err := o.f.load(ctx, selection{Services: services, NoDeps: true})
	if err != nil {
		return err
	}
	path := o.f.lockPath(project)
	before, err := o.before(path, len(services) > 0)
	if err != nil {
		return err
	}
	after := o.adjust(before)
	wanted := usesOf(project, after, project.Services, jobsUnless(project, services))
	if err := o.place(archives, wanted); err != nil {
		return err
	}
	read, err := o.read(ctx, after, wanted, archives)
	if err != nil {
		return err
	}
	after = onlyUsed(project, after.With(read...))
	if err := o.print(before, after, read); err != nil {
		return err
	}
	return o.finish(path, after)
}

// jobsUnless returns the jobs, which are locked unless services are named.
func jobsUnless(p *compose.Project, services []string) types.Jobs {
	if len(services) > 0 {
		return nil
	}
	return p.Jobs
}

// parseArchives reads IMAGE=PATH.
func (o *lockOptions) parseArchives() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range o.archives {
		name, path, ok := strings.Cut(text, "=")
		if !ok || name == "" || path == "" {
			return nil, usagef("--archive: %q is not IMAGE=PATH", text)
		}
		out[name] = o.f.path(path)
	}
	return out, nil
}

// place requires that each archive is of an image that is wanted.
func (o *lockOptions) place(archives map[string]string, wanted []*imageUse) error {
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		if !slices.ContainsFunc(wanted, func(u *imageUse) bool { return u.Image == name }) {
			var known []string
			for _, u := range wanted {
				known = append(known, u.Image)
			}
			return &usageError{err: fmt.Errorf("--archive: no service uses the image %q", name), hint: "the images are " + strings.Join(sorted(known), ", ")}
		}
	}
	return nil
}

// before reads the lock that is there. One that is damaged is replaced, unless
// only a part of it would be; one of another version never is.
func (o *lockOptions) before(path string, partly bool) (image.Lock, error) {
	lock, _, list := image.Load(path, o.f.shorten(path))
	replaceable := !partly && !o.check && !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code != diag.CodeLockInvalid })
	if list.HasErrors() && replaceable {
		o.f.UI.Warnf("%s is damaged and is written anew", o.f.shorten(path))
		return image.Lock{}, nil
	}
	return lock, o.f.show(list)
}

// adjust applies what the flags say of the whole lock.
func (o *lockOptions) adjust(l image.Lock) image.Lock {
	l.Platform = l.PlatformOf(o.platform)
	if o.pinStated() {
		l.Pin = o.pin
	}
	return l
}

// onlyUsed drops what no service or job uses, those of inactive profiles included.
func onlyUsed(p *compose.Project, l image.Lock) image.Lock {
	used := map[[2]string]bool{}
	for _, u := range usesOf(p, l, p.AllServices(), p.Jobs) {
		used[[2]string{u.Image, u.Platform}] = true
	}
	return l.Only(func(name, platform string) bool { return used[[2]string{name, platform}] })
}

// finish writes the lock, or with --check compares it with the file.
func (o *lockOptions) finish(path string, l image.Lock) error {
	text, name := image.Write(l), o.f.shorten(path)
	there, err := os.ReadFile(path)
	same := err == nil && bytes.Equal(there, text)
	switch {
	case same:
		o.f.UI.Notef("%s is up to date", name)
		return nil
	case o.check:
		o.f.UI.Notef("%s is out of date: run `gantry compose lock`", name)
		return errDiffers
	}
	if err := writeLock(path, text); err != nil {
		return err
	}
	o.f.UI.Notef("Wrote %s: %s", name, imagesCounted(len(l.Entries)))
	return nil
}

func imagesCounted(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

func (o *lockOptions) reader() *inspect.Reader {
	return inspect.NewReader(inspect.Options{Insecure: o.insecure, UserAgent: userAgent()})
}

// userAgent is how registries know gantry.
func userAgent() string { return "gantry/" + buildInfo().Version }
