package render

// deployRows holds the rows of deploy.* and scale.
func deployRows() []Attribute { return nil }
