package render

// hostRows holds the rows of extra_hosts, dns, and host namespaces.
func hostRows() []Attribute { return nil }
