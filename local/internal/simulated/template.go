package simulated

import (
	"fmt"
	"strings"
)

// The functions of this file put a pod's status together from pieces of
// template; the data is the pod.

// status gives the template of a whole status.
func status(phase string, parts ...string) string {
	return `
{{ $root := . }}
{{ $now := Now }}
{{ $started := or .status.startTime $now }}
phase: ` + phase + `
startTime: {{ $started | Quote }}
observedGeneration: {{ or .metadata.generation 1 | int64 }}
` + addresses + strings.Join(parts, "")
}

// addresses gives the node's address, and the pod's, which it keeps.
const addresses = `
{{ range NodeIPsWith .spec.nodeName }}
hostIP: {{ . | Quote }}
hostIPs:
- ip: {{ . | Quote }}
{{ end }}
{{ $ip := .status.podIP }}
{{ if not $ip }}
{{ range PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
{{ $ip = . }}
{{ end }}
{{ end }}
podIP: {{ $ip | Quote }}
podIPs:
- ip: {{ $ip | Quote }}
`

// The conditions of a pod that is ready, that runs but is not, that is done.

const (
	conditionsTrue = `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
`
	conditionsUnready = `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }}}
`
	conditionsDone = `
conditions:
- {type: Initialized, status: "True", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
- {type: PodReadyToStartContainers, status: "False", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "False", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "False", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
`
)

// initDone has all init containers ended with success, and sidecars, which are
// init containers that are always restarted, running.
const initDone = `
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq ( or .restartPolicy "" ) "Always" }}
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
  {{ else }}
  started: false
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
  {{ end }}
{{ end }}
{{ end }}
`

// How often the containers of a pod were restarted.
const (
	restartsNone = "0"
	restartsOne  = "1"
	restartsMore = "{{ add1 (index $root.status.containerStatuses $i).restartCount }}"
)

// containers gives the status of all containers alike.
func containers(ready bool, restarts string, lines ...string) string {
	return fmt.Sprintf(`
containerStatuses:
{{ range $i, $c := .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  containerID: {{ printf "simulated://%%s/%%s" $root.metadata.uid .name | Quote }}
  ready: %t
  restartCount: %s
%s{{ end }}
`, ready, restarts, strings.Join(lines, ""))
}

// The states of a container, as lines for containers.
const (
	started    = "  started: true\n"
	notStarted = "  started: false\n"
	running    = "  state: {running: {startedAt: {{ $now | Quote }}}}\n"
)

// waiting is the state of a container that does not run; the message may use
// the container's fields.
func waiting(reason, message string) string {
	return fmt.Sprintf("  state: {waiting: {reason: %s, message: %q}}\n", reason, message)
}

// ended is a container's end, under "state" or "lastState".
func ended(field string, code int, reason string) string {
	return fmt.Sprintf("  %s: {terminated: {exitCode: %d, reason: %s, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}\n",
		field, code, reason)
}
