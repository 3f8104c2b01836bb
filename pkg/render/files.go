package render

// fileRows holds the rows of configs and secrets of a service.
func fileRows() []Attribute { return nil }
