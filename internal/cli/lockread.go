package cli

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/image/inspect"
)

// readersAtOnce bounds the images that are read at a time: registries count
// connections.
const readersAtOnce = 4

// read reads the wanted images and prints what stands in the way, all of it.
// Images that no registry can have are left out where no archive has them.
func (o *lockOptions) read(ctx context.Context, known image.Lock, wanted []*imageUse, archives map[string]string) ([]image.Entry, error) {
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(u *imageUse) bool {
		return archives[u.Image] == "" && (u.Unnamed || u.Built && o.buildable)
	})
	entries, lists := make([]image.Entry, len(wanted)), make([]diag.List, len(wanted))
	reader := o.reader()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readersAtOnce)
	for i, u := range wanted {
		group.Go(func() (err error) {
			q := inspect.Request{
				Reference: u.Image, Platform: u.Platform, Archive: archives[u.Image],
				Users: slices.Collect(maps.Keys(u.Users)), Groups: slices.Collect(maps.Keys(u.Groups)),
			}
			if config, ok := known.Find(u.Image, u.Platform); ok {
				q.Known = &config
			}
			entries[i], lists[i], err = readImage(ctx, reader, q, u)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return entries, o.f.show(slices.Concat(lists...).Sorted())
}

// readImage reads one image; the error is the end of the context alone.
func readImage(ctx context.Context, r *inspect.Reader, q inspect.Request, u *imageUse) (image.Entry, diag.List, error) {
	entry, unknown, err := r.Read(ctx, q)
	var list diag.List
	var fault *inspect.Fault
	switch {
	case errors.As(err, &fault):
		list.Add(diagnose(fault, u))
	case err != nil:
		return entry, nil, err
	}
	for _, name := range unknown {
		list.Add(diagnoseName(name, u))
	}
	return entry, list, nil
}

// diagnoseName tells of a user or group that the image lacks.
func diagnoseName(n inspect.Unknown, u *imageUse) diag.Diagnostic {
	at := u.Users[n.Name]
	if n.Group {
		at = u.Groups[n.Name]
	}
	if n.Own {
		d := diag.New(diag.CodeImageUser, u.At.Pos, u.At.Path, "the image's own USER %s cannot be looked up: it has %s", n.Name, n.Reason)
		return d.As(diag.Warning).WithHint("mend the image: with this user it does not start under Docker either")
	}
	return diag.New(diag.CodeImageUser, at.Pos, at.Path, "%s has %s", u.Image, n.Reason).WithHint("write a name that the image knows, or a number")
}

// diagnose gives a fault its code, place and hint.
func diagnose(f *inspect.Fault, u *imageUse) diag.Diagnostic {
	kind := faultKindOf(f.Kind)
	d := diag.New(kind.code, u.At.Pos, u.At.Path, "%s", f.Error())
	d.Hint = f.Hint
	if d.Hint == "" {
		d.Hint = kind.hint
		if u.Built && f.Kind != inspect.BadArchive {
			d.Hint = "build and push it first, read it with `--archive " + u.Image + "=PATH`, or leave it out with --ignore-buildable"
		}
	}
	if f.Kind == inspect.OtherPlatform {
		d = d.As(diag.Warning)
	}
	return d
}

type faultKind struct {
	kind inspect.Kind
	code diag.Code
	hint string
}

func faultKindOf(kind inspect.Kind) faultKind {
	for _, k := range []faultKind{
		{inspect.BadReference, diag.CodeImageReference, "write [REGISTRY/]NAME[:TAG]"},
		{inspect.NotFound, diag.CodeImageNotFound, "check the name and the tag"},
		{inspect.Refused, diag.CodeImageAuth, "check the name, and log in with `docker login`"},
		{inspect.Unreachable, diag.CodeImageUnreachable, "check the name and the network, or read the image from an archive with --archive"},
		{inspect.NoPlatform, diag.CodeImagePlatform, "name one of them with `platform` in the Compose file, or with --platform"},
		{inspect.OtherPlatform, diag.CodeImagePlatform, "name its platform with `platform` in the Compose file, or with --platform"},
		{inspect.BadArchive, diag.CodeImageArchive, "write it with `docker save -o FILE IMAGE`"},
	} {
		if k.kind == kind {
			return k
		}
	}
	return faultKind{kind, diag.CodeImageUnreadable, "pull it with docker to see whether it is whole"}
}
