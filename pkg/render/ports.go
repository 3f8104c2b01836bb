package render

// portRows holds the rows of ports and expose.
func portRows() []Attribute { return nil }
