package diag

// Codes 4xx, reported by pkg/overlay, pkg/manifest.
const ()

func outputCodes() []CodeInfo {
	return nil
}
