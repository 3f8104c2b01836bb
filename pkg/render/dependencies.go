package render

// dependencyRows holds the rows of depends_on.
func dependencyRows() []Attribute { return nil }
