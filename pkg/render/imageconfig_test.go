package render

import (
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/image"
)

// TestImageGoldens renders testdata/images/NAME/compose.yaml with the
// gantry.lock beside it.
func TestImageGoldens(t *testing.T) {
	compareGoldens(t, "testdata/images/*")
}

// readLock reads the lock of a golden; nil without one.
func readLock(t *testing.T, dir string) *image.Lock {
	t.Helper()
	lock, found, list := image.Load(filepath.Join(dir, image.LockFile), image.LockFile)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if !found {
		return nil
	}
	return &lock
}

// TestALockWithoutTheImageChangesNothing: what is not locked renders as without
// a lock.
func TestALockWithoutTheImageChangesNothing(t *testing.T) {
	p := compose.NewProject(&types.Project{Name: "shop", Services: types.Services{"web": {Name: "web", ContainerSpec: types.ContainerSpec{Image: "nginx:1.27"}}}})
	without, _ := Render(t.Context(), p, nil, Options{})
	with, diags := Render(t.Context(), p, nil, Options{Images: &image.Lock{}})
	if got, want := yamlStream(t, with), yamlStream(t, without); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(diags) != 1 || diags[0].Code != "GTY382" {
		t.Errorf("diagnostics %v, want GTY382 alone", diags)
	}
}
