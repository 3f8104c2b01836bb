package cluster

import (
	"context"
	"strings"
)

// Image is a row of `images`: the image that a container was made from. The JSON
// form has the names that `docker compose images --format json` uses.
type Image struct {
	// ID is the digest that the node's runtime tells of; "" before the image is pulled.
	ID            string `json:"ID"`
	ContainerName string `json:"ContainerName"`
	Service       string `json:"Service"`
	Repository    string `json:"Repository"`
	Tag           string `json:"Tag"`
}

// Images returns the image of every container of a project, or of some of its
// services. A service that the project does not have is an error.
func Images(ctx context.Context, c *Client, project string, services []string) ([]Image, error) {
	all, err := c.replicasOf(ctx, project, services)
	if err != nil {
		return nil, err
	}
	var out []Image
	for _, r := range all {
		if spec := containerSpec(r.Pod, r.Container); spec != nil {
			row := Image{ContainerName: r.Name(), Service: r.Service}
			row.Repository, row.Tag = splitImage(spec.Image)
			if status := statusOf(r.Pod, r.Container); status != nil {
				row.ID = status.ImageID[strings.LastIndex(status.ImageID, "@")+1:]
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// splitImage parts a reference as docker does: the tag is latest where there is
// none, and <none> beside a digest.
func splitImage(image string) (repository, tag string) {
	name, digest, _ := strings.Cut(image, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		return name[:i], name[i+1:]
	}
	if digest != "" {
		return name, "<none>"
	}
	return name, "latest"
}
