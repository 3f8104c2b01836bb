package diag

// Codes 4xx, reported by pkg/overlay, pkg/manifest.
const (
	CodeKustomizationMissing Code = "GTY400"
	CodeKustomizationInvalid Code = "GTY401"
	CodeKustomizationTwice   Code = "GTY402"
	CodeKustomizationTarget  Code = "GTY403"
	CodeKustomizationKey     Code = "GTY404"
	CodeKustomizationBuild   Code = "GTY405"
	CodeKustomizationPanic   Code = "GTY406"
	CodeKustomizationRename  Code = "GTY407"
	CodeSecretOmitted        Code = "GTY420"
	CodeKustomizationService Code = "GTY421"
	CodeKustomizationAlone   Code = "GTY422"
	CodeKustomizationUnused  Code = "GTY423"
	CodeKustomizationRemote  Code = "GTY424"
	CodeKustomizationIdle    Code = "GTY425"
)

func outputCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeKustomizationMissing, Severity: Error, Title: "kustomization or a file of it is missing",
			Doc: "The directory named with -k has no kustomization.yaml, kustomization.yml or Kustomization, or the kustomization names a file or directory that does not exist."},
		{Code: CodeKustomizationInvalid, Severity: Error, Title: "kustomization is invalid",
			Doc: "The file is not YAML, has a field that kustomize does not know, or a value that the field cannot have."},
		{Code: CodeKustomizationTwice, Severity: Error, Title: "object is there twice",
			Doc: "The kustomization brings an object in that is rendered from the Compose file too, or that another of its resources has. To change a rendered object, patch it; to add to a rendered ConfigMap or Secret, give the generator behavior: merge."},
		{Code: CodeKustomizationTarget, Severity: Error, Title: "patch or count without target",
			Doc: "A patch or an entry of replicas names an object that is neither rendered nor among the resources."},
		{Code: CodeKustomizationKey, Severity: Error, Title: "key missing in a Secret or ConfigMap of the kustomization",
			Doc: "The Compose file or ecs-params refers to a key of a Secret or ConfigMap that the kustomization has, but without that key; the container could not start."},
		{Code: CodeKustomizationBuild, Severity: Error, Title: "kustomization cannot be built",
			Doc: "kustomize refuses the kustomization; the message is its own, without values of secrets."},
		{Code: CodeKustomizationPanic, Severity: Error, Title: "kustomize crashed",
			Doc: "kustomize ended in a fault of its own."},
		{Code: CodeKustomizationRename, Severity: Warning, Title: "a Service loses its Compose name",
			Doc: "A prefix, suffix or patch of the kustomization renames the Service of a Compose service. The names that containers use in their configuration stay as they are, so they do not resolve any more. Keep deployments apart by namespace."},
		{Code: CodeSecretOmitted, Severity: Warning, Title: "Secret left out of the output",
			Doc: "Values of secrets are not printed to a terminal unless --secrets=inline asks for it. A directory (--output-dir) gets them as files below secrets/, which git ignores and from which the kustomization makes the Secrets."},
		{Code: CodeKustomizationService, Severity: Info, Title: "service of a kustomization under another name",
			Doc: "A workload of the kustomization is a service under the workload's own name. Where another service has that name, a Compose service or a workload of another kind, the kind is added to it."},
		{Code: CodeKustomizationAlone, Severity: Warning, Title: "file has no effect without a Compose file",
			Doc: "The project is a kustomization alone. What ecs-params say is about Compose services, so the file is not read."},
		{Code: CodeKustomizationUnused, Severity: Warning, Title: "kustomization is not used",
			Doc: "The working directory has a kustomization, but a Compose file in a directory above it is the project, as docker compose finds it. Only a kustomization beside the Compose file, or one named with -k, belongs to the project."},
		{Code: CodeKustomizationRemote, Severity: Error, Title: "remote resource cannot be fetched",
			Doc: "The kustomization names a resource in a git repository or at an address, and fetching it failed; the message is git's own."},
		{Code: CodeKustomizationIdle, Severity: Warning, Title: "entry of a kustomization matches nothing",
			Doc: "The target of a patch selects no object, or no container has the image of an entry of images. kustomize passes over it in silence; a name is likely misspelt."},
	}
}
