package diag

// stateCodes are those of what a project keeps in the cluster between runs:
// its lock and its revisions.
func stateCodes() []CodeInfo {
	return []CodeInfo{
		{Code: DeployHeld, Severity: Error, Title: "another run holds the project",
			Doc: "Only one run changes a project at a time. Another one held the project's Lease, gantry.PROJECT, for as long as this run waited (--timeout); the message says who started it. A run that was killed loses the Lease after 15 seconds."},
		{Code: DeployUnlocked, Severity: Info, Title: "the project is not locked",
			Doc: "The user may not use leases in the namespace, so that the run goes on without the project's lock. Another run at the same time is noticed by the version of the inventory, and stops."},
		{Code: RevisionUnknown, Severity: Error, Title: "no such revision",
			Doc: "`gantry compose history` lists the revisions that a project can go back to. `up --history-limit` says how many are kept, 10 unless told otherwise."},
		{Code: RevisionSecretGone, Severity: Error, Title: "a Secret of the revision is gone",
			Doc: "A revision refers to Secrets by name and holds no value of them; gantry leaves those Secrets in the cluster as long as a revision needs them. This one was deleted by someone else. Nothing is changed."},
		{Code: RevisionSecretChanged, Severity: Warning, Title: "a Secret keeps its present values",
			Doc: "The Secret has the same name in every revision (a kustomization's disableNameSuffixHash, or a resource of its own), so that each change overwrites the values of the one before. The rollback brings back everything else."},
		{Code: RevisionNotStored, Severity: Warning, Title: "no revision was stored",
			Doc: "The deploy succeeded, but cannot be rolled back to: the cluster did not accept the revision, or the rendered objects need more than 16 Secrets even when compressed."},
		{Code: DeployDrift, Severity: Warning, Title: "fields were changed by others since the last deploy",
			Doc: "Another field manager (kubectl edit, an autoscaler, an operator) has changed fields that the files set, after gantry had applied them. With --drift=repair, the default, they are set back; warn leaves them, ignore leaves them without this message. A field that another manager had set before the files did is a conflict (GTY502)."},
		{Code: DeployVolumeFixed, Severity: Error, Title: "a volume cannot grow",
			Doc: "A PersistentVolumeClaim grows in place only when it is bound and its StorageClass has allowVolumeExpansion: true. Nothing is changed. Keep the size, or move the data to a volume of another name."},
		{Code: DeployNotAllowed, Severity: Error, Title: "the user may not do what the plan does",
			Doc: "Before the first of several changes the API server is asked whether the user may make them all. Each resource that is forbidden is named with its verbs, the first object that needs them and the rule that allows it. Nothing is changed, but that a namespace that did not exist was made. A single change is not asked about; its own refusal is GTY510."},
	}
}
