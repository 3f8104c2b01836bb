package render

// LabelValue returns a project's or a service's name as the values of
// LabelProject and LabelService spell it, for selecting objects.
func LabelValue(name string) string { return labelValue(name) }
