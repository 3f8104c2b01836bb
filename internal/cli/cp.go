package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/transfer"
)

type cpOptions struct {
	f       *Factory
	index   int
	archive bool
	follow  bool
}

// NewCmdCp returns `compose cp`.
func NewCmdCp(f *Factory) *cobra.Command {
	o := &cpOptions{f: f}
	cmd := &cobra.Command{
		Use:   "cp SERVICE:PATH DEST | SRC SERVICE:PATH",
		Short: "Copy files into or out of containers",
		Long: `Copy files and folders between this machine and the containers of a service, by
the rules of docker cp: a folder is copied into one that is there, SRC/. copies
what is in it, and - is a tar stream on standard input or output.

To a service means to all its replicas, from one the first that runs; --index
names one. The image must have tar and a shell. The Compose files are not needed.`,
		Example: `  gantry compose cp web:/var/log/app.log .
  gantry compose cp ./public/. web:/srv/www
  gantry compose cp db:/backup - | tar -tf -`,
		Args: exactly(2, "a source and a destination"),
	}
	fs := cmd.Flags()
	fs.IntVar(&o.index, "index", 0, "`NUMBER` of the replica, as in web-2")
	fs.BoolVarP(&o.archive, "archive", "a", false, "keep the numbers of users and groups")
	fs.BoolVarP(&o.follow, "follow-link", "L", false, "copy what a symbolic link leads to")
	fs.Bool("all", false, "accepted: a copy to a service is to all its replicas")
	return f.verb(cmd, "cp", o.run, f.projectSet, f.clusterSet)
}

// remotePath splits SERVICE:PATH by docker's rule: an absolute path and one that
// begins with a dot are of this machine. Paths in a container begin at its root.
func remotePath(word string) (service, file string, ok bool) {
	service, file, ok = strings.Cut(word, ":")
	if !ok || service == "" || filepath.IsAbs(word) || strings.HasPrefix(word, ".") {
		return "", word, false
	}
	return service, file, true
}

func (o *cpOptions) run(ctx context.Context, args []string) error {
	from, source, fromService := remotePath(args[0])
	to, target, toService := remotePath(args[1])
	if fromService == toService {
		return usagef("one of source and destination is SERVICE:PATH, the other a path of this machine or -")
	}
	if toService && source == "-" {
		if _, err := o.f.commandInput(true); err != nil {
			return err
		}
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	if fromService {
		return o.take(ctx, at, from, source, target)
	}
	return o.give(ctx, at, source, to, target)
}

// take copies out of a container.
func (o *cpOptions) take(ctx context.Context, at location, service, source, target string) error {
	replica, err := cluster.Find(ctx, at.Client, at.Name, service, o.index)
	if err != nil {
		return err
	}
	dir, name := path.Split(path.Join("/", source))
	contents := isContents(source) || name == ""
	if contents {
		dir, name = path.Join("/", source), "."
	}
	if target == "-" {
		return cluster.TakeFiles(ctx, at.Client, replica, dir, name, o.follow, o.f.UI.Out)
	}
	r, w := io.Pipe()
	taken := make(chan error, 1)
	go func() {
		err := cluster.TakeFiles(ctx, at.Client, replica, dir, name, o.follow, w)
		w.CloseWithError(err)
		taken <- err
	}()
	left, err := transfer.Unpack(r, o.f.within(target), transfer.UnpackOptions{Name: name, Contents: contents, Owners: o.archive})
	if err == nil {
		_, err = io.Copy(io.Discard, r) // the padding at the end of the stream
	}
	r.CloseWithError(err)
	if failed := <-taken; failed != nil && (err == nil || errors.Is(err, failed) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return failed
	}
	for _, name := range left {
		o.f.UI.Warnf("%s is neither file, folder nor link: not copied", name)
	}
	return o.copied(err, replica.Label()+":"+source, target)
}

// within makes a path of the command line absolute and keeps the slash at its
// end, which asks for a folder.
func (f *Factory) within(name string) string {
	out := f.path(name)
	if strings.HasSuffix(filepath.ToSlash(name), "/") && !strings.HasSuffix(filepath.ToSlash(out), "/") {
		out += "/"
	}
	return out
}

// give copies into the containers of a service.
func (o *cpOptions) give(ctx context.Context, at location, source, service, target string) error {
	replicas, err := o.receivers(ctx, at, service)
	if err != nil {
		return err
	}
	if source == "-" {
		if len(replicas) > 1 {
			return usagef("- can be copied to one replica only, and %s has %d: name it with --index", service, len(replicas))
		}
		return cluster.GiveFiles(ctx, at.Client, replicas[0], path.Join("/", target), o.f.UI.In)
	}
	for _, replica := range replicas {
		if err := o.giveOne(ctx, at, source, replica, target); err != nil {
			return err
		}
		if err := o.copied(nil, source, replica.Label()+":"+target); err != nil {
			return err
		}
	}
	return nil
}

func (o *cpOptions) receivers(ctx context.Context, at location, service string) ([]cluster.Replica, error) {
	if o.index > 0 {
		one, err := cluster.Find(ctx, at.Client, at.Name, service, o.index)
		return []cluster.Replica{one}, err
	}
	return cluster.FindAll(ctx, at.Client, at.Name, service)
}

func (o *cpOptions) giveOne(ctx context.Context, at location, source string, replica cluster.Replica, target string) error {
	local, contents := o.f.path(source), isContents(source)
	look := os.Lstat
	if o.follow || contents {
		look = os.Stat
	}
	info, err := look(local)
	if err != nil {
		return err
	}
	file := path.Join("/", target)
	kind, err := cluster.Stat(ctx, at.Client, replica, file)
	if err != nil {
		return err
	}
	dir, name, err := destination(kind, file, strings.HasSuffix(target, "/"), source, info.IsDir())
	if err != nil {
		return o.copied(err, source, replica.Label()+":"+target)
	}
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(transfer.Pack(w, local, name, transfer.PackOptions{Owners: o.archive, Follow: o.follow || contents}))
	}()
	err = cluster.GiveFiles(ctx, at.Client, replica, dir, r)
	r.CloseWithError(err)
	return err
}

// isContents reports whether a source stands for what is in a folder, not for
// the folder.
func isContents(source string) bool {
	return source == "." || strings.HasSuffix(filepath.ToSlash(source), "/.")
}

// destination returns the folder of the container that is written to, and the
// name there, by the rules of docker cp.
func destination(kind cluster.PathKind, file string, slash bool, source string, folder bool) (dir, name string, err error) {
	switch {
	case kind == cluster.PathFolder && folder && isContents(source):
		return file, ".", nil
	case kind == cluster.PathFolder:
		return file, filepath.Base(source), nil
	case kind == cluster.PathFile && (folder || slash):
		return "", "", fmt.Errorf("%w: %s is no folder", transfer.ErrDestination, file)
	case kind == cluster.PathNowhere:
		return "", "", fmt.Errorf("%w: there is no folder %s", transfer.ErrDestination, path.Dir(file))
	case kind == cluster.PathFree && slash && !folder:
		return "", "", fmt.Errorf("%w: there is no folder %s", transfer.ErrDestination, file)
	}
	return path.Dir(file), path.Base(file), nil
}

// copied says what was copied, or why not.
func (o *cpOptions) copied(err error, source, target string) error {
	if err != nil {
		return o.f.show(diag.List{diag.New(diag.CopyFailed, diag.Pos{}, "", "%s to %s: %v", source, target, err)})
	}
	o.f.UI.Notef("Copied %s to %s", source, target)
	return nil
}
