package render

// LabelValue returns a project's or a service's name as the values of
// LabelProject and LabelService spell it, for selecting objects.
func LabelValue(name string) string { return labelValue(name) }

// ServiceName returns the name of the internal Service of a Compose service,
// which is its name in the cluster's DNS.
func ServiceName(service string) string { return kubeName(service) }
