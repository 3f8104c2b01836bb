package diag

// stateCodes are those of what a project keeps in the cluster between runs:
// its lock and its revisions.
func stateCodes() []CodeInfo {
	return []CodeInfo{
		{Code: DeployHeld, Severity: Error, Title: "another run holds the project",
			Doc: "Only one run changes a project at a time. Another one held the project's Lease, gantry.PROJECT, for as long as this run waited (--timeout); the message says who started it. A run that was killed loses the Lease after 15 seconds."},
		{Code: DeployUnlocked, Severity: Info, Title: "the project is not locked",
			Doc: "The user may not use leases in the namespace, so that the run goes on without the project's lock. Another run at the same time is noticed by the version of the inventory, and stops."},
	}
}
