package diag

// Codes 0xx, reported by pkg/compose.
const ()

func inputCodes() []CodeInfo {
	return nil
}
