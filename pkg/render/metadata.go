package render

// metadataRows holds the rows of labels, annotations, container_name.
func metadataRows() []Attribute { return nil }
