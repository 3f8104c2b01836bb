package diag

// Codes 5xx, reported by pkg/plan, pkg/cluster and pkg/apply.
const ()

func clusterCodes() []CodeInfo {
	return nil
}
