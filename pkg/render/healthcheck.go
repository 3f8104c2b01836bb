package render

// healthRows holds the rows of healthcheck.
func healthRows() []Attribute { return nil }
