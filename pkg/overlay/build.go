package overlay

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Options say which kustomization to build.
type Options struct {
	// Dir is the directory with the kustomization file, as the user gave it.
	Dir string
	// Display is Dir as diagnostics spell it; "" for Dir itself.
	Display string
}

// Build returns the set as the kustomization in Dir makes it: the rendered
// objects transformed, and the kustomization's own beside them, in the order
// that kustomize gives. On errors it returns the set as it was.
func Build(set render.Set, o Options) (render.Set, diag.List) {
	src, err := open(o.Dir)
	if o.Display != "" {
		src.path = filepath.Join(o.Display, strings.TrimPrefix(src.path, o.Dir))
	}
	if err != nil {
		return set, diag.List{src.missing(err)}
	}
	b := newBuild(src, set)
	objects, err := b.objects()
	if err != nil {
		return set, diag.List{b.explain(err)}
	}
	return b.result(objects)
}

// build is one run.
type build struct {
	src source
	set render.Set
	fs  *layered
	// index finds a rendered object by its identity.
	index map[render.Ref]int
	// splitAt is the number of rendered objects from which on split.go is worth
	// it, chunk how many of them it gives to kustomize at once.
	splitAt, chunk int
}

func newBuild(src source, set render.Set) *build {
	b := &build{src: src, set: set, fs: newLayered(), index: map[render.Ref]int{}, splitAt: splitFrom, chunk: chunkSize}
	for i, o := range set.Objects {
		b.index[render.RefOf(o.Unstructured)] = i
	}
	return b
}

// objects gives the built objects in kustomize's order, with their marks.
func (b *build) objects() ([]marked, error) {
	if len(b.set.Objects) >= b.splitAt {
		if parts, ok := b.split(); ok {
			return b.runParts(parts)
		}
	}
	return b.run(b.src.raw, allOf(len(b.set.Objects)))
}

func allOf(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// run builds a kustomization with some of the rendered objects, by index, as
// one more resource.
func (b *build) run(kustomization map[string]any, indices []int) ([]marked, error) {
	stream, err := encode(b.set.Objects, indices)
	if err != nil {
		return nil, err
	}
	name := b.src.unusedName()
	text, err := withResource(kustomization, name, len(indices) > 0)
	if err != nil {
		return nil, err
	}
	b.fs.put(b.src.root+string(filesys.Separator)+name, stream)
	b.fs.put(b.src.resolved, text)
	m, err := kustomize(b.fs, b.src.root)
	if err != nil {
		return nil, err
	}
	return decode(m)
}

// krustyMutex serialises kustomize, whose schema is global state of its packages.
var krustyMutex sync.Mutex

// panicked is what a panic in kustomize becomes.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("kustomize failed: %v", p.value) }

// kustomize builds a directory as `kubectl kustomize` does: legacy order
// unless the kustomization says otherwise, files below the root only, no
// plugins.
func kustomize(fs filesys.FileSystem, dir string) (m resmap.ResMap, err error) {
	krustyMutex.Lock()
	defer krustyMutex.Unlock()
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, panicked{p}
		}
	}()
	o := krusty.MakeDefaultOptions()
	o.Reorder = krusty.ReorderOptionUnspecified
	m, err = krusty.MakeKustomizer(o).Run(fs, dir)
	if err == nil && m == nil {
		err = errors.New("kustomize gave nothing")
	}
	return m, err
}
