package diag

// Codes 2xx, reported by pkg/render.
const ()

func attributeCodes() []CodeInfo {
	return nil
}
