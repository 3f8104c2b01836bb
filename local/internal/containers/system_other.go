//go:build !linux

package containers

import (
	"context"
	"errors"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// errSystem is the answer on systems that can't run Linux containers.
var errSystem = errors.New("containers need Linux: use --nodes simulated")

func checkSystem() error { return errSystem }

func mayRaisePriority() bool { return false }

func runInit(context.Context, *state.Cluster) error { return errSystem }

func runKubelet(context.Context, []string) error { return errSystem }

func runKubeProxy(context.Context, []string) error { return errSystem }

func runPolicies(context.Context, *state.Cluster) error { return errSystem }

func runKeeper(context.Context, *state.Cluster) error { return errSystem }

// clean has nothing to remove where nothing can be made.
func clean(context.Context, *state.Cluster) error { return nil }

// RangeFree tells whether no address of a network is in use on this machine;
// without containers none ever is used.
func RangeFree(state.Network) bool { return true }
