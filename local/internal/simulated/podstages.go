package simulated

import "sigs.k8s.io/kwok/pkg/apis/internalversion"

// podStages gives the life of pods: those that should run do so at once and are
// Ready, those that should end do so with success, those with Annotation fail
// the way they are asked to, in the terms a kubelet reports it.
func podStages() []stage {
	out := []stage{
		{name: "pod-delete", kind: "Pod", remove: true, when: []condition{
			{query: queryDeleted, op: internalversion.SelectorOpExists},
		}},
		{
			name: "pod-run", kind: "Pod", next: true,
			when:   []condition{alive(), in(queryPhase, "Pending"), notIn(queryFailure, Failures()...)},
			events: []internalversion.StageEvent{{Type: "Normal", Reason: "Started", Message: message + "; its containers count as started"}},
			status: status("Running", conditionsTrue, initDone, containers(true, restartsNone, started, running)),
		},
		{
			name: "pod-complete", kind: "Pod",
			when: []condition{alive(), in(queryPhase, "Running"), notIn(queryRestart, "Always"), notIn(queryFailure, Failures()...)},
			status: status("Succeeded", conditionsDone, initDone,
				containers(false, restartsNone, notStarted, ended("state", 0, "Completed"))),
		},
		{
			name: "pod-never-ready", kind: "Pod", next: true,
			when:   []condition{alive(), in(queryPhase, "Pending"), in(queryFailure, FailNeverReady)},
			events: warning("Unhealthy", "Readiness probe failed: "+simulates(FailNeverReady)),
			status: status("Running", conditionsUnready, initDone, containers(false, restartsNone, started, running)),
		},
	}
	out = append(out, pullStages()...)
	out = append(out, crashStages(FailCrashLoop, 1, "Error")...)
	return append(out, crashStages(FailOOM, 137, "OOMKilled")...)
}

// message is what logs and exec answer, and what events say.
const message = "simulated node: no container runs here"

// simulates names the failure that was asked for.
func simulates(failure string) string { return Annotation + "=" + failure }

// warning gives one event of type Warning.
func warning(reason, text string) []internalversion.StageEvent {
	return []internalversion.StageEvent{{Type: "Warning", Reason: reason, Message: text}}
}

// pullStages gives the life of a pod whose images cannot be pulled: the first
// attempt fails, then it waits.
func pullStages() []stage {
	failed := simulates(FailImagePull)
	return []stage{
		{
			name: "pod-pull-fail", kind: "Pod", next: true,
			when: []condition{
				alive(), in(queryPhase, "Pending"), in(queryFailure, FailImagePull),
				notIn(queryReason, "ErrImagePull", "ImagePullBackOff"),
			},
			events: warning("Failed", "Failed to pull image: "+failed),
			status: status("Pending", conditionsUnready, initDone, containers(false, restartsNone, notStarted,
				waiting("ErrImagePull", "failed to pull image {{ .image }}: "+failed))),
		},
		{
			name: "pod-pull-wait", kind: "Pod", after: 1000,
			when: []condition{
				alive(), in(queryPhase, "Pending"), in(queryFailure, FailImagePull), in(queryReason, "ErrImagePull"),
			},
			events: warning("BackOff", "Back-off pulling image: "+failed),
			status: status("Pending", conditionsUnready, initDone, containers(false, restartsNone, notStarted,
				waiting("ImagePullBackOff", "Back-off pulling image {{ .image }}: "+failed))),
		},
	}
}

// crashStages gives the life of a pod whose containers end with a code: one
// that is not restarted has failed, another is restarted up to five times, and
// waits in between.
func crashStages(failure string, code int, reason string) []stage {
	back := waiting("CrashLoopBackOff", "back-off restarting failed container {{ .name }}")
	last := ended("lastState", code, reason)
	event := warning("BackOff", "Back-off restarting failed container: "+simulates(failure))
	return []stage{
		{
			name: "pod-fail-" + failure, kind: "Pod",
			when: []condition{
				alive(), in(queryPhase, "Pending", "Running"), in(queryFailure, failure), in(queryRestart, "Never"),
			},
			events: warning("Failed", simulates(failure)),
			status: status("Failed", conditionsUnready, initDone, containers(false, restartsNone, notStarted, ended("state", code, reason))),
		},
		{
			name: "pod-crash-" + failure, kind: "Pod", events: event,
			when: []condition{
				alive(), in(queryPhase, "Pending"), in(queryFailure, failure), notIn(queryRestart, "Never"),
			},
			status: status("Running", conditionsUnready, initDone, containers(false, restartsOne, notStarted, back, last)),
		},
		{
			name: "pod-crash-again-" + failure, kind: "Pod", after: 3000, events: event,
			when: []condition{
				alive(), in(queryPhase, "Running"), in(queryFailure, failure), notIn(queryRestart, "Never"),
				in(".status.containerStatuses.[0].restartCount | tostring", "1", "2", "3", "4"),
			},
			status: status("Running", conditionsUnready, initDone, containers(false, restartsMore, notStarted, back, last)),
		},
	}
}
