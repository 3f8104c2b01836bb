package diag

// Codes 610 to 639, reported by the verbs that reach into containers: exec, cp,
// run, port-forward and their like.
const (
	ExecNoContainer Code = "GTY610"
	ExecNotStarted  Code = "GTY611"
	ExecImpossible  Code = "GTY612"
)

func execCodes() []CodeInfo {
	return []CodeInfo{
		{Code: ExecNoContainer, Severity: Error, Title: "no container runs there",
			Doc: "The pod is on a simulated node of `gantry local`: everything about it is real but the container. Verbs that reach into containers need real ones: `gantry local up --nodes containers`, or another cluster."},
		{Code: ExecNotStarted, Severity: Error, Title: "the command cannot be started in the container",
			Doc: "The image does not have the program, or its user may not run it. The exit code is a shell's: 127 for a program that is not there, 126 for one that may not be run."},
		{Code: ExecImpossible, Severity: Error, Title: "Kubernetes has no such setting for a command in a container",
			Doc: "A command that exec starts has the user, the capabilities and the limits of its container: the API takes no others. `gantry compose run` starts a container of its own, which can have another user."},
	}
}
