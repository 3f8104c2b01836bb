package diag

// Codes 1xx, reported by pkg/params.
const ()

func paramsCodes() []CodeInfo {
	return nil
}
