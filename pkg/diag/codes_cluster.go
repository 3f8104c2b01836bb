package diag

import "slices"

// Codes 500 to 549, reported by pkg/plan and pkg/apply.
const (
	DeployImmutable       Code = "GTY500"
	DeployVolumeShrinks   Code = "GTY501"
	DeployConflict        Code = "GTY502"
	DeployForeign         Code = "GTY503"
	DeployCycle           Code = "GTY504"
	DeployRequired        Code = "GTY505"
	DeployRequiredKey     Code = "GTY506"
	DeployNamespace       Code = "GTY507"
	DeployInvalid         Code = "GTY508"
	DeployDenied          Code = "GTY509"
	DeployForbidden       Code = "GTY510"
	DeployQuota           Code = "GTY511"
	DeployKindUnknown     Code = "GTY512"
	DeployFailed          Code = "GTY513"
	DeployConcurrent      Code = "GTY514"
	DeployNotReady        Code = "GTY515"
	DeployDependency      Code = "GTY516"
	DeployJobFailed       Code = "GTY517"
	DeployProgress        Code = "GTY518"
	DeployStuck           Code = "GTY519"
	DeployLeft            Code = "GTY520"
	DeployTakenOver       Code = "GTY521"
	DeployNotStoppable    Code = "GTY522"
	DeployNamespaceMade   Code = "GTY523"
	DeployTwice           Code = "GTY524"
	DeployInventoryBroken Code = "GTY525"

	DeployReplicasRestored Code = "GTY526"
	DeployHeld             Code = "GTY527"
	DeployUnlocked         Code = "GTY528"
	RevisionUnknown        Code = "GTY529"
	RevisionSecretGone     Code = "GTY530"
	RevisionSecretChanged  Code = "GTY531"
	RevisionNotStored      Code = "GTY532"
	DeployDrift            Code = "GTY533"
	DeployVolumeFixed      Code = "GTY534"
	DeployNotAllowed       Code = "GTY535"
)

func clusterCodes() []CodeInfo {
	return slices.Concat(planCodes(), applyCodes(), stateCodes(), runningCodes())
}

func planCodes() []CodeInfo {
	return []CodeInfo{
		{Code: DeployImmutable, Severity: Error, Title: "a field cannot change",
			Doc: "Kubernetes fixes the field when the object is made. gantry changes such a field in the safe way that docs/immutable.md lists; where there is none, it deletes nothing to get around that, and the hint names the way."},
		{Code: DeployVolumeShrinks, Severity: Error, Title: "a volume cannot become smaller",
			Doc: "A PersistentVolumeClaim only grows. Keep its size, or move the data to a volume of another name."},
		{Code: DeployConflict, Severity: Error, Title: "another tool owns the field",
			Doc: "A field that the files set was set to another value by another field manager (kubectl, an autoscaler, an operator). Remove the field from the files to leave it to that tool, or take it over with --force-conflicts."},
		{Code: DeployForeign, Severity: Error, Title: "an object of that name is not the project's",
			Doc: "The namespace has an object of the same kind and name that another project or tool made. It is left alone. Use another namespace or another name, or delete it."},
		{Code: DeployCycle, Severity: Error, Title: "services wait for each other",
			Doc: "The depends_on entries form a circle, so none of the services could ever start. Services in one pod count as one."},
		{Code: DeployRequired, Severity: Error, Title: "a required object is missing",
			Doc: "The files refer to a Secret, ConfigMap or PersistentVolumeClaim that they do not define (external: true), and the namespace has none of that name. Nothing is changed until it exists."},
		{Code: DeployRequiredKey, Severity: Error, Title: "a required key is missing",
			Doc: "The Secret or ConfigMap that the files refer to exists but lacks the key."},
		{Code: DeployNamespace, Severity: Error, Title: "objects in more than one namespace",
			Doc: "A project lives in one namespace. An object of the kustomization names another one."},
	}
}

func applyCodes() []CodeInfo {
	return []CodeInfo{
		{Code: DeployInvalid, Severity: Error, Title: "the API server refuses the object",
			Doc: "The object does not pass the API server's validation. The message names the field; the position is the Compose line that it comes from."},
		{Code: DeployDenied, Severity: Error, Title: "an admission rule denies the object",
			Doc: "A webhook, policy or Pod Security level of the cluster refuses the object. Its own words are in the message."},
		{Code: DeployForbidden, Severity: Error, Title: "no permission to change the object",
			Doc: "The user of the kubeconfig may not create, change or delete objects of the kind in the namespace."},
		{Code: DeployQuota, Severity: Error, Title: "the namespace's quota is exhausted",
			Doc: "A ResourceQuota of the namespace does not allow the object. Remove something, lower the resources of the services, or ask for more."},
		{Code: DeployKindUnknown, Severity: Error, Title: "the cluster does not know the kind",
			Doc: "The kind of an object belongs to an add-on that the cluster does not have. Nothing is changed."},
		{Code: DeployFailed, Severity: Error, Title: "the object could not be applied",
			Doc: "The API server did not accept the request, also after several tries. Its own words are in the message."},
		{Code: DeployConcurrent, Severity: Error, Title: "another run changes the project",
			Doc: "The project's inventory was changed by another gantry since this run has read it. Nothing more is changed; run the command again when the other has ended."},
		{Code: DeployNotReady, Severity: Error, Title: "not ready in time",
			Doc: "The service did not become ready before the timeout. The message says what it waited for last."},
		{Code: DeployDependency, Severity: Error, Title: "a dependency did not become ready",
			Doc: "The service was not started, since a service that it depends on failed or was not ready in time."},
		{Code: DeployJobFailed, Severity: Error, Title: "a one-shot service failed",
			Doc: "The Job ended with an error, more often than its restart policy allows, or ran longer than it may."},
		{Code: DeployProgress, Severity: Error, Title: "the rollout makes no progress",
			Doc: "The Deployment did not come closer to its goal within its progressDeadlineSeconds."},
		{Code: DeployStuck, Severity: Error, Title: "an object is not deleted in time",
			Doc: "The object is marked for deletion, but a finalizer holds it. The message names the finalizer; whoever owns it has to act."},
		{Code: DeployLeft, Severity: Warning, Title: "an object is left, since it is no longer the project's",
			Doc: "The inventory lists the object, but its labels no longer say that it belongs to the project: another tool has taken it over. It is not deleted."},
		{Code: DeployTakenOver, Severity: Warning, Title: "fields are taken over from another manager",
			Doc: "With --force-conflicts, fields that another field manager had set are now set by gantry."},
		{Code: DeployNotStoppable, Severity: Warning, Title: "the workload cannot be stopped",
			Doc: "The kind has no replica count and cannot be suspended; it goes on running."},
		{Code: DeployNamespaceMade, Severity: Info, Title: "the namespace was created",
			Doc: "The namespace did not exist. It is not deleted by `down`."},
		{Code: DeployTwice, Severity: Error, Title: "two objects of one name",
			Doc: "The rendered set has two objects of the same kind and name; the second would overwrite the first."},
		{Code: DeployInventoryBroken, Severity: Error, Title: "the project's inventory cannot be read",
			Doc: "The Secret gantry.PROJECT is damaged or from a newer gantry. Nothing is changed."},
		{Code: DeployReplicasRestored, Severity: Info, Title: "the files declare the replicas",
			Doc: "The Compose files or ecs-params state a replica count for the service. What scale sets holds until the next up. Remove the count from the files to keep what scale sets."},
	}
}
