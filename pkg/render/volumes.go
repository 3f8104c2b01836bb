package render

// volumeRows holds the rows of volumes, tmpfs, shm_size.
func volumeRows() []Attribute { return nil }
