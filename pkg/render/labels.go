package render

import "maps"

// The labels of every rendered object. LabelProject and LabelService are also
// those of docker compose, so that tools which know it find their way.
const (
	LabelProject   = "com.docker.compose.project"
	LabelService   = "com.docker.compose.service"
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelPartOf    = "app.kubernetes.io/part-of"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "gantry"
	// AnnotationName keeps the name that the Compose file uses where it had to be changed.
	AnnotationName = "gantry.dev/compose-name"
)

// projectLabels are the labels of an object of the whole project.
func projectLabels(project string) map[string]string {
	p := labelValue(project)
	return map[string]string{LabelProject: p, LabelInstance: p, LabelPartOf: p, LabelManagedBy: ManagedBy}
}

// serviceLabels are the labels of an object of one service.
func serviceLabels(project, service, kubeName string) map[string]string {
	labels := projectLabels(project)
	labels[LabelService] = labelValue(service)
	labels[LabelName] = labelValue(kubeName)
	return labels
}

// selectorLabels select the pods of a service. They are part of immutable
// fields, so they hold nothing that can change.
func selectorLabels(project, service string) map[string]string {
	return map[string]string{LabelProject: labelValue(project), LabelService: labelValue(service)}
}

// merged returns base with over on top; neither is changed, and nil stays nil
// when both are empty.
func merged(base, over map[string]string) map[string]string {
	if len(over) == 0 {
		return base
	}
	out := maps.Clone(over)
	for k, v := range base {
		if _, taken := out[k]; !taken {
			out[k] = v
		}
	}
	return out
}
