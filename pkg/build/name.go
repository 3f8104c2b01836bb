package build

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"

	"github.com/gantry-dev/gantry/pkg/image"
)

// Name returns the full name and tag of a service's image, as docker completes
// it: `image`, else PROJECT-SERVICE as docker compose calls it. A registry
// (HOST[/PATH]) is put before a name that names none.
func Name(project string, s types.ServiceConfig, registry string) string {
	short := image.Name(project, s.Name, s.Image)
	if registry != "" && !namesRegistry(short) {
		short = strings.TrimSuffix(registry, "/") + "/" + short
	}
	named, err := reference.ParseDockerRef(short)
	if err != nil {
		return short
	}
	return named.String()
}

// namesRegistry reports whether a name begins with a host, by docker's rule.
func namesRegistry(image string) bool {
	first, _, found := strings.Cut(image, "/")
	return found && (strings.ContainsAny(first, ".:") || first == "localhost")
}

// untagged returns a name without its tag.
func untagged(image string) string {
	slash := strings.LastIndexByte(image, '/')
	if colon := strings.LastIndexByte(image, ':'); colon > slash {
		return image[:colon]
	}
	return image
}

// idLength is how much of an image's ID stands in a tag, as docker shortens it.
const idLength = 12

// ContentName returns the name of an image with a tag that stands for its
// content, so that pods are replaced when, and only when, the image is another.
func ContentName(image, id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	if len(id) > idLength {
		id = id[:idLength]
	}
	return untagged(image) + ":built-" + id
}

// OfNobody reports whether a full name belongs to Docker's official images,
// which is where a name without registry and account is completed to: nobody
// can push there.
func OfNobody(image string) bool { return strings.HasPrefix(image, "docker.io/library/") }
