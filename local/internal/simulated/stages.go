package simulated

import (
	"k8s.io/utils/ptr"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
)

// Annotation on a pod asks for a failure in place of success; see Failures.
const Annotation = "gantry.dev/simulate"

// The values of Annotation.
const (
	FailCrashLoop  = "crashloop"   // containers end with code 1 again and again
	FailOOM        = "oom"         // containers end with code 137, OOMKilled
	FailImagePull  = "imagepull"   // the images cannot be pulled
	FailNeverReady = "never-ready" // containers run, readiness probes fail
)

// Failures are the values that Annotation may have. Any other counts as none.
func Failures() []string {
	return []string{FailCrashLoop, FailOOM, FailImagePull, FailNeverReady}
}

// stage is one step in the life of an object: when it is taken, how long after,
// and what happens then. Events come before the status.
type stage struct {
	name   string
	kind   string
	when   []condition
	after  int64 // milliseconds
	upTo   int64 // milliseconds; a random time from after to upTo
	events []internalversion.StageEvent
	status string // template of the status, YAML
	remove bool   // removes the object
	next   bool   // the next stage follows without waiting for the server
}

// condition is one requirement that an object must meet for a stage. Values
// are what the jq query gives; none means the query must give nothing.
type condition struct {
	query string
	op    internalversion.SelectorOperator
	is    []string
}

func in(query string, values ...string) condition {
	return condition{query, internalversion.SelectorOpIn, values}
}

func notIn(query string, values ...string) condition {
	return condition{query, internalversion.SelectorOpNotIn, values}
}

// The parts of a pod that conditions look at.
const (
	queryFailure = `.metadata.annotations["` + Annotation + `"]`
	queryPhase   = ".status.phase"
	queryRestart = ".spec.restartPolicy"
	queryReason  = ".status.containerStatuses.[].state.waiting.reason"
	queryReady   = `.status.conditions.[] | select( .type == "Ready" ) | .status`
	queryDeleted = ".metadata.deletionTimestamp"
)

// alive is met by all that is not being deleted.
func alive() condition {
	return condition{query: queryDeleted, op: internalversion.SelectorOpDoesNotExist}
}

// stages gives the life of nodes and pods as kwok's controllers take it.
func stages() map[internalversion.StageResourceRef][]*internalversion.Stage {
	out := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, s := range append(nodeStages(), podStages()...) {
		ref := internalversion.StageResourceRef{APIGroup: "v1", Kind: s.kind}
		out[ref] = append(out[ref], s.build(ref))
	}
	return out
}

// build makes kwok's form of a stage.
func (s stage) build(ref internalversion.StageResourceRef) *internalversion.Stage {
	out := &internalversion.Stage{Spec: internalversion.StageSpec{
		ResourceRef: ref, Selector: &internalversion.StageSelector{}, ImmediateNextStage: s.next,
	}}
	out.Name = s.name
	for _, c := range s.when {
		out.Spec.Selector.MatchExpressions = append(out.Spec.Selector.MatchExpressions,
			internalversion.MatchExpression{JQ: &internalversion.SelectorJQ{Key: c.query, Operator: c.op, Values: c.is}})
	}
	if s.after > 0 {
		out.Spec.Delay = &internalversion.StageDelay{DurationMilliseconds: ptr.To(s.after)}
		if s.upTo > s.after {
			out.Spec.Delay.JitterDurationMilliseconds = ptr.To(s.upTo)
		}
	}
	out.Spec.Steps = s.steps()
	return out
}

// steps gives what happens in a stage.
func (s stage) steps() []internalversion.StageStep {
	var steps []internalversion.StageStep
	for _, e := range s.events {
		steps = append(steps, internalversion.StageStep{Event: &e})
	}
	if s.status != "" {
		steps = append(steps, internalversion.StageStep{Patch: &internalversion.StagePatch{
			Subresource: "status", Root: "status", Template: s.status,
			Type: ptr.To(internalversion.StagePatchTypeStrategicMergePatch),
		}})
	}
	if s.remove {
		steps = append(steps, internalversion.StageStep{Delete: true})
	}
	return steps
}
