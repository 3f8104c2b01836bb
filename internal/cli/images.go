package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

type imagesOptions struct {
	f      *Factory
	quiet  bool
	format string
}

// NewCmdImages returns `compose images`.
func NewCmdImages(f *Factory) *cobra.Command {
	o := &imagesOptions{f: f}
	cmd := &cobra.Command{
		Use:   "images [SERVICE...]",
		Short: "List the images of the containers",
		Long: `List the images that the containers of the project were made from. The ID is
the digest that the node has pulled. The Compose files are not needed.`,
		Example: "  gantry compose images\n  gantry compose images --format json web",
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print the image ids alone, each once")
	formatVar(fs, &o.format)
	return f.verb(cmd, "images", o.run, f.projectSet, f.clusterSet)
}

func (o *imagesOptions) run(ctx context.Context, services []string) error {
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	rows, err := cluster.Images(ctx, at.Client, at.Name, services)
	if err != nil {
		return err
	}
	if !o.quiet {
		return writeList(o.f.UI.Out, o.format, ui.Listing[cluster.Image]{Columns: imageColumns(), Rows: rows})
	}
	seen := map[string]bool{"": true}
	for _, r := range rows {
		if !seen[r.ID] {
			seen[r.ID] = true
			if _, err := fmt.Fprintln(o.f.UI.Out, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// imageColumns are those of `docker compose images` that a cluster knows.
func imageColumns() []ui.Column[cluster.Image] {
	type row = cluster.Image
	return []ui.Column[row]{
		{Header: "CONTAINER", Field: "ContainerName", Value: func(r row) string { return r.ContainerName }},
		{Header: "REPOSITORY", Field: "Repository", Value: func(r row) string { return r.Repository }},
		{Header: "TAG", Field: "Tag", Value: func(r row) string { return r.Tag }},
		{Header: "IMAGE ID", Field: "ID", Value: func(r row) string { return shortID(r.ID) }},
	}
}

// shortID is a digest as docker shows it.
func shortID(id string) string {
	const shown = 12
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(len(id), shown)]
}
