package diag

// Codes 6xx, reported by pkg/build and the verbs that build, push and load images.
const (
	BuildKeyUnsupported Code = "GTY600"
	BuildContextUnknown Code = "GTY601"
	BuildUsed           Code = "GTY602"
)

func buildCodes() []CodeInfo {
	return []CodeInfo{
		{Code: BuildKeyUnsupported, Severity: Warning, Title: "the image builder has no such setting",
			Doc: "A key below build cannot be handed to the builder that is used here; the image is built without it. docker buildx knows all of them: choose it with --tool docker where it is installed."},
		{Code: BuildContextUnknown, Severity: Error, Title: "an additional context is no image that can be built",
			Doc: "additional_contexts with service:NAME takes the image of another service, which must have a build of its own, and must not need this one in turn."},
		{Code: BuildUsed, Severity: Info, Title: "the image is the one that was built here",
			Doc: "The service has a build, and gantry built it on this machine: the workload names what came of it, by its content or by its digest in the registry, so that pods are replaced when the image changed. `gantry compose build` builds it anew."},
	}
}
