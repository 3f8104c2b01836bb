package cli

import (
	"context"
	"errors"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/image/inspect"
)

// withDigests returns the model with the digests of the images where they are
// asked for; with --lock-image-digests that alone, as docker compose prints it.
func (o *configOptions) withDigests(ctx context.Context, p *compose.Project) (*types.Project, error) {
	if !o.resolve && !o.lock {
		return p.Project, nil
	}
	r := digestResolver{ctx: ctx, reader: inspect.NewReader(inspect.Options{UserAgent: userAgent()}), uses: usesOf(p, image.Lock{}, p.Services, nil)}
	model, err := p.WithImagesResolved(r.resolve)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := o.f.show(r.list.Sorted()); err != nil {
		return nil, err
	}
	if err != nil || !o.lock {
		return model, err
	}
	only := types.Services{}
	for name, s := range model.Services {
		only[name] = types.ServiceConfig{ContainerSpec: types.ContainerSpec{Image: s.Image}}
	}
	return &types.Project{Services: only}, nil
}

// digestResolver asks registries for digests; services are resolved in parallel.
type digestResolver struct {
	ctx    context.Context
	reader *inspect.Reader
	uses   []*imageUse

	mu   sync.Mutex
	list diag.List
}

// resolve returns the digest of an image. What hinders it is collected, so that
// all of it is told.
func (r *digestResolver) resolve(named reference.Named) (digest.Digest, error) {
	text, err := r.reader.Digest(r.ctx, named.String())
	var fault *inspect.Fault
	if !errors.As(err, &fault) {
		return digest.Digest(text), err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.uses {
		if ref, err := reference.ParseDockerRef(u.Image); err == nil && ref.String() == named.String() {
			r.list.Add(diagnose(fault, u))
		}
	}
	return digest.FromString(""), nil // the list ends the command
}
