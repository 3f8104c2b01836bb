package inspect

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gantry-dev/gantry/pkg/image"
)

// Options of a Reader.
type Options struct {
	// Insecure takes registries without TLS, or with a certificate that is not
	// trusted.
	Insecure bool
	// Transport carries the requests; nil for one that honours the proxy
	// variables of the environment.
	Transport http.RoundTripper
	// UserAgent names the program to registries.
	UserAgent string
}

// Reader reads images.
type Reader struct{ registry registry }

// NewReader returns a reader that has the credentials of docker's configuration.
func NewReader(o Options) *Reader { return &Reader{newRegistry(o)} }

// Request says which image to read, and what of it.
type Request struct {
	// Reference as Compose spells it: [REGISTRY/]NAME[:TAG][@DIGEST].
	Reference string
	// Platform is OS/ARCH[/VARIANT]; "" is image.DefaultPlatform.
	Platform string
	// Users and Groups are names to look up in the image.
	Users, Groups []string
	// Archive is the path of a file or directory to read in place of a registry.
	Archive string
	// Known is what is known of the image: it is given back where the registry
	// has the same digest and nothing more is asked. nil for nothing.
	Known *image.Config
}

// Unknown is a user or group that the image lacks.
type Unknown struct {
	Name string
	// Group says that Name is a group; Own that it is of the image's own USER.
	Group, Own bool
	// Reason is what is missing, for a message.
	Reason string
}

// found is an image that was opened: its digest in the registry, "" if that is
// not known; the configuration's text; and the layers from the lowest to the
// topmost.
type found struct {
	digest string
	config []byte
	layers []layer
	close  func()
}

// layer opens the files of a layer as an uncompressed tar stream, which ends in
// an error if the content is not what its digest says.
type layer func() (io.ReadCloser, error)

// Read returns what the image says of itself. Names that it lacks are left out
// of the entry and returned; other trouble is a *Fault, or the context's error.
func (r *Reader) Read(ctx context.Context, q Request) (image.Entry, []Unknown, error) {
	entry := image.Entry{Image: q.Reference, Platform: cmp.Or(image.NormalPlatform(q.Platform), image.DefaultPlatform)}
	if config, ok := r.unchanged(ctx, q); ok {
		entry.Config = config
		return entry, nil, nil
	}
	f, err := r.open(ctx, q, entry.Platform)
	if err != nil {
		return entry, nil, faultOf(ctx, q.Reference, err)
	}
	defer f.close()
	config, err := parseConfig(f.config)
	if err != nil {
		return entry, nil, faultOf(ctx, q.Reference, err)
	}
	config.Digest = f.digest
	unknown, err := resolveNames(ctx, &config, f.layers, q.Users, q.Groups)
	if err != nil {
		return entry, nil, faultOf(ctx, q.Reference, err)
	}
	entry.Config = config
	if made := madeFor(f.config); made != "" && !satisfies(made, entry.Platform) {
		return entry, unknown, &Fault{Kind: OtherPlatform, Reference: q.Reference, Message: "is made for " + made + " alone, not for " + entry.Platform}
	}
	return entry, unknown, nil
}

func (r *Reader) open(ctx context.Context, q Request, platform string) (*found, error) {
	if q.Archive != "" {
		return openArchive(q.Archive, q.Reference, platform)
	}
	return r.registry.open(ctx, q.Reference, platform)
}

// Digest asks the registry which digest a reference has; one that names its
// digest is not asked for.
func (r *Reader) Digest(ctx context.Context, reference string) (string, error) {
	if _, digest, ok := strings.Cut(reference, "@"); ok {
		return digest, nil
	}
	digest, err := r.registry.digest(ctx, reference)
	if err != nil {
		return "", faultOf(ctx, reference, err)
	}
	return digest, nil
}

// unchanged returns what is known of the image if the registry has the same
// digest still: a question that costs one request, and counts on no limit of
// pulls.
func (r *Reader) unchanged(ctx context.Context, q Request) (image.Config, bool) {
	if q.Known == nil || q.Archive != "" || q.Known.Digest == "" {
		return image.Config{}, false
	}
	config := *q.Known
	config.Users, config.Groups = nil, nil
	for _, name := range lookups(q.Users) {
		user, ok := q.Known.FindUser(name)
		if !ok {
			return image.Config{}, false
		}
		config.Users = append(config.Users, user)
	}
	for _, name := range lookups(q.Groups) {
		gid, ok := q.Known.FindGroup(name)
		if !ok {
			return image.Config{}, false
		}
		config.Groups = append(config.Groups, image.Group{Name: name, GID: gid})
	}
	if config.User != nil && config.User.UID == nil {
		return image.Config{}, false
	}
	digest, err := r.Digest(ctx, q.Reference)
	return config, err == nil && digest == q.Known.Digest
}

// satisfies reports whether what is made for a platform runs where another is
// asked for.
func satisfies(made, asked string) bool {
	have, err := v1.ParsePlatform(made)
	if err != nil {
		return false
	}
	want, err := v1.ParsePlatform(asked)
	return err == nil && have.Satisfies(*want)
}

// choose returns the image of an index that is made for the platform. One that
// stands alone and does not say what it is made for is taken.
func choose(index *v1.IndexManifest, platform string) (v1.Descriptor, error) {
	var offered []string
	var open []v1.Descriptor
	for _, d := range index.Manifests {
		if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
			continue
		}
		if d.Platform == nil || d.Platform.OS == "" {
			open = append(open, d)
			continue
		}
		made := platformText(*d.Platform)
		if satisfies(made, platform) {
			return d, nil
		}
		if d.Platform.OS != "unknown" { // attestations have a platform of that name
			offered = append(offered, made)
		}
	}
	if len(open) == 1 && len(offered) == 0 {
		return open[0], nil
	}
	slices.Sort(offered)
	return v1.Descriptor{}, &Fault{Kind: NoPlatform, Message: "is not made for " + platform + offer(slices.Compact(offered))}
}

func offer(platforms []string) string {
	if len(platforms) == 0 {
		return ""
	}
	return ": there is " + strings.Join(platforms, ", ")
}

func platformText(p v1.Platform) string {
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return image.NormalPlatform(text)
}
