package diag

// Codes 610 to 639, reported by the verbs that reach into containers: exec, cp,
// run, port-forward and their like.
const (
	ExecNoContainer Code = "GTY610"
	ExecNotStarted  Code = "GTY611"
	ExecImpossible  Code = "GTY612"
	CopyNoTool      Code = "GTY613"
	CopyFailed      Code = "GTY614"
	RunFailed       Code = "GTY615"
)

func execCodes() []CodeInfo {
	return []CodeInfo{
		{Code: ExecNoContainer, Severity: Error, Title: "no container runs there",
			Doc: "The pod is on a simulated node of `gantry local`: everything about it is real but the container. Verbs that reach into containers need real ones: `gantry local up --nodes containers`, or another cluster."},
		{Code: ExecNotStarted, Severity: Error, Title: "the command cannot be started in the container",
			Doc: "The image does not have the program, or its user may not run it. The exit code is a shell's: 127 for a program that is not there, 126 for one that may not be run."},
		{Code: ExecImpossible, Severity: Error, Title: "Kubernetes has no such setting for a command in a container",
			Doc: "A command that exec starts has the user, the capabilities and the limits of its container: the API takes no others. `gantry compose run` starts a container of its own, which can have another user."},
		{Code: CopyNoTool, Severity: Error, Title: "the image has no tar or no shell",
			Doc: "Files are copied by a tar that runs in the container, and a shell says what is at the destination. Images made of one program have neither: keep such files in a volume, a config or a secret."},
		{Code: CopyFailed, Severity: Error, Title: "the files were not copied",
			Doc: "The source is not there, the destination does not fit (docker cp's rules: a folder cannot replace a file, and the folder of the destination must exist), or the container's user may not read or write it. The message has tar's own words."},
		{Code: RunFailed, Severity: Error, Title: "the pod of run did not end by itself",
			Doc: "Its pod was deleted or evicted while the command ran, so that there is no exit code."},
	}
}
