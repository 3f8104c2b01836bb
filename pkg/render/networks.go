package render

// networkRows holds the rows of networks, aliases, links.
func networkRows() []Attribute { return nil }
