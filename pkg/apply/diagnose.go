package apply

import (
	"context"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// diagnose asks the cluster why a workload is not ready and fills in what it
// knows better than the wait: the cause, the last event, the log lines.
func (r *runner) diagnose(ctx context.Context, f *Failure, ref render.Ref) {
	d, err := cluster.Diagnose(ctx, r.client, ref)
	if err != nil {
		return
	}
	main := d.Main()
	if main.Event != nil {
		f.LastEvent = main.Event.Reason + ": " + main.Event.Message
	}
	if main.Code == diag.CauseWaiting {
		if f.Code == diag.DeployNotReady {
			f.Message = "it was not ready in time: " + main.Message
		}
		return
	}
	if f.Code != diag.DeployJobFailed && f.Code != diag.DeployProgress {
		f.Code = main.Code
	}
	f.Pod, f.Container, f.Reason, f.Message = main.Pod, main.Container, main.Reason, main.Message
	f.ExitCode, f.LogLines = main.ExitCode, main.Logs
	if main.Hint != "" {
		f.Hint = main.Hint
	}
}
