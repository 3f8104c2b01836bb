package diag

import "slices"

// Codes 500 to 549, reported by pkg/plan and pkg/apply.
const ()

func clusterCodes() []CodeInfo {
	return slices.Concat(deployCodes(), runningCodes())
}

// deployCodes explains the codes of pkg/plan and pkg/apply.
func deployCodes() []CodeInfo {
	return nil
}
