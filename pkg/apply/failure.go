package apply

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// ErrFailed says that the deploy failed for good; Result.Failures and
// Result.Diagnostics say why.
var ErrFailed = errors.New("deploy failed")

// ErrNotReady says that the deploy was not ready before the timeout.
var ErrNotReady = errors.New("not ready in time")

// ErrConcurrent says that another run has changed the project's inventory. It
// comes together with ErrFailed.
var ErrConcurrent = errors.New("another run changes the project")

// Failure says why a service is not as it should be.
type Failure struct {
	Service  string     `json:"service,omitempty"`
	Workload render.Ref `json:"-"`
	// Code is the diagnostic's.
	Code diag.Code `json:"code"`
	// Pod and Container, where the failure is of one.
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	// Reason is Kubernetes' word, such as ImagePullBackOff.
	Reason string `json:"reason"`
	// Message is one sentence: what is wrong.
	Message string `json:"message"`
	// LastEvent is the last warning about the pod or workload.
	LastEvent string `json:"lastEvent,omitempty"`
	// LogLines are the last ones of the container that failed.
	LogLines []string `json:"logLines,omitempty"`
	// ExitCode of the container; nil when it has not ended.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Timeout says that the service may yet become ready, but not in time.
	Timeout bool     `json:"timeout,omitempty"`
	Path    string   `json:"path,omitempty"`
	Pos     diag.Pos `json:"pos,omitzero"`
	Hint    string   `json:"hint,omitempty"`
}

// Diagnostic returns the failure as a diagnostic at the service's place in the
// Compose file.
func (f Failure) Diagnostic() diag.Diagnostic {
	d := diag.New(f.Code, f.Pos, f.Path, "%s", f.sentence())
	if f.Path == "" {
		d.Message = f.Workload.String() + ": " + d.Message
	}
	d.Hint = f.Hint
	return d.As(diag.Error)
}

// sentence is the message with Kubernetes' word and the pod in parentheses.
func (f Failure) sentence() string {
	text := strings.TrimSuffix(f.Message, ".")
	var where []string
	if f.Reason != "" && !strings.Contains(text, f.Reason) {
		where = append(where, f.Reason)
	}
	if f.Pod != "" {
		where = append(where, "pod "+f.Pod)
	}
	if len(where) == 0 {
		return text
	}
	return fmt.Sprintf("%s (%s)", text, strings.Join(where, ", "))
}

// Detail returns what stands under a failure's sentence: the last event, then
// the last log lines.
func (f Failure) Detail() []string {
	var out []string
	if f.LastEvent != "" && !strings.Contains(f.Message, f.LastEvent) {
		out = append(out, "event: "+f.LastEvent)
	}
	for _, line := range f.LogLines {
		out = append(out, "log: "+line)
	}
	return out
}
