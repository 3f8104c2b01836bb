package diag

// Codes 3xx, reported by pkg/render.
const ()

func relationCodes() []CodeInfo {
	return nil
}
