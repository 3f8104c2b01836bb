package inspect

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// registry asks registries over their protocol.
type registry struct {
	names   []name.Option
	options []remote.Option
}

func newRegistry(o Options) registry {
	transport := o.Transport
	if transport == nil {
		transport = newTransport(o.Insecure)
	}
	r := registry{options: []remote.Option{
		remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(transport), remote.WithUserAgent(o.UserAgent),
		remote.WithRetryBackoff(remote.Backoff{Duration: 300 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3}),
	}}
	if o.Insecure {
		r.names = append(r.names, name.Insecure)
	}
	return r
}

// newTransport gives up on an address that does not answer sooner than the
// default does, as a person waits.
func newTransport(insecure bool) http.RoundTripper {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 10,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: insecure},
	}
}

func (r registry) parse(reference string) (name.Reference, error) {
	ref, err := name.ParseReference(reference, r.names...)
	if err != nil {
		return nil, &Fault{Kind: BadReference, Message: "is no name of an image: " + oneLine(err.Error()), err: err}
	}
	return ref, nil
}

func (r registry) with(ctx context.Context) []remote.Option {
	return append([]remote.Option{remote.WithContext(ctx)}, r.options...)
}

func (r registry) digest(ctx context.Context, reference string) (string, error) {
	ref, err := r.parse(reference)
	if err != nil {
		return "", err
	}
	if d, err := remote.Head(ref, r.with(ctx)...); err == nil {
		return d.Digest.String(), nil
	}
	// Some registries answer no HEAD, and none gives its reason with one.
	d, err := remote.Get(ref, r.with(ctx)...)
	if err != nil {
		return "", err
	}
	return d.Digest.String(), nil
}

func (r registry) open(ctx context.Context, reference, platform string) (*found, error) {
	ref, err := r.parse(reference)
	if err != nil {
		return nil, err
	}
	d, err := remote.Get(ref, r.with(ctx)...)
	if err != nil {
		return nil, err
	}
	img, err := imageOf(d, platform)
	if err != nil {
		return nil, err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	f := &found{digest: d.Digest.String(), config: config, close: func() {}}
	for _, l := range layers {
		f.layers = append(f.layers, func() (io.ReadCloser, error) { return l.Uncompressed() })
	}
	return f, nil
}

// imageOf follows an index, or an index in an index, to the platform's image.
func imageOf(d *remote.Descriptor, platform string) (v1.Image, error) {
	if !d.MediaType.IsIndex() {
		return d.Image()
	}
	index, err := d.ImageIndex()
	for range maxNesting {
		if err != nil {
			return nil, err
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}
		child, err := choose(manifest, platform)
		if err != nil {
			return nil, err
		}
		if child.MediaType.IsImage() {
			return index.Image(child.Digest)
		}
		index, err = index.ImageIndex(child.Digest)
		if err != nil {
			return nil, err
		}
	}
	return nil, errNesting
}

// maxNesting bounds indexes in indexes.
const maxNesting = 4

var errNesting = errors.New("its index lies in too many others")
