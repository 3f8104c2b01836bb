package cluster

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// PathKind is what is at a path in a container.
type PathKind string

// The kinds of Stat.
const (
	PathFolder PathKind = "folder"
	PathFile   PathKind = "file"
	// PathFree is a path at which nothing is, in a folder that is there.
	PathFree PathKind = "free"
	// PathNowhere is a path whose folder is not there.
	PathNowhere PathKind = "nowhere"
)

// Stat returns what is at an absolute path in a replica's container, whose image
// must have a shell.
func Stat(ctx context.Context, c *Client, at Replica, file string) (PathKind, error) {
	const script = `if [ -d "$1" ]; then echo folder; elif [ -e "$1" ]; then echo file; elif [ -d "$2" ]; then echo free; else echo nowhere; fi`
	out, err := c.tool(ctx, at, []string{shell, "-c", script, shell, file, path.Dir(file)}, nil, nil)
	return PathKind(strings.TrimSpace(out)), err
}

// TakeFiles writes a file or folder of a replica's container to w as a tar
// stream, in which it is called name below dir. follow takes what links lead to.
func TakeFiles(ctx context.Context, c *Client, at Replica, dir, name string, follow bool, w io.Writer) error {
	how := "-cf"
	if follow {
		how = "-chf"
	}
	_, err := c.tool(ctx, at, []string{"tar", how, "-", "-C", dir, "--", name}, nil, w)
	return err
}

// GiveFiles unpacks a tar stream into a folder of a replica's container.
func GiveFiles(ctx context.Context, c *Client, at Replica, dir string, r io.Reader) error {
	_, err := c.tool(ctx, at, []string{"tar", "-xf", "-", "-C", dir}, r, nil)
	return err
}

// tool runs a program that copying needs, and returns what it writes, unless w
// takes it.
func (c *Client) tool(ctx context.Context, at Replica, command []string, in io.Reader, w io.Writer) (string, error) {
	var out, faults strings.Builder
	if w == nil {
		w = &out
	}
	code, err := Exec(ctx, c, at, command, Streams{In: in, Out: w, Err: &faults})
	if code == ExitNotFound {
		return "", fail(diag.CopyNoTool, fmt.Sprintf("`gantry compose exec -T %s cat PATH` writes one file, if the image has cat; add %s to the image, or keep the files in a volume", at.owner(), command[0]),
			"%s: its image has no %s, which copying needs", at.Label(), command[0])
	}
	if err == nil && code != 0 {
		err = fail(diag.CopyFailed, "", "%s: %s", at.Label(), firstOf(oneLine(faults.String()), fmt.Sprintf("%s ended with code %d", command[0], code)))
	}
	return out.String(), err
}
