package render

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// AnnotationContainerName keeps the container_name of a service.
const AnnotationContainerName = "gantry.dev/container-name"

// metadataRows holds the rows of labels, annotations, container_name and logging.
func metadataRows() []Attribute {
	return append([]Attribute{
		{
			Path: "services.*.labels", Covers: []string{"*"}, Support: Full, Target: "pod annotations and labels",
			Doc: "Docker's labels are free text, as Kubernetes' annotations are: each becomes an annotation of the pod, and also a label " +
				"where its value is allowed in one. gantry's own labels are never replaced. Of the labels of kompose those with a clear meaning are read where no file of gantry says otherwise, " +
				"such as kompose.service.type, kompose.service.expose, kompose.volume.size and kompose.controller.type; every other is named with gantry's way to say it.",
			Codes: []diag.Code{diag.CodeLabelKey, diag.CodeForeignLabel, diag.CodeForeignUnread}, Map: mapLabels,
		},
		{
			Path: "services.*.label_file", Support: Loader, Doc: "Read with the Compose files and merged below `labels`.",
		},
		{
			Path: "services.*.annotations", Covers: []string{"*"}, Support: Full, Target: "pod annotations",
			Doc: "Annotations of the pod. They win over a label of the same name.", Codes: []diag.Code{diag.CodeLabelKey}, Map: mapAnnotations,
		},
		{
			Path: "services.*.container_name", Support: Full, Target: "annotation gantry.dev/container-name, Service",
			Doc:   "Containers of pods are named by the service. The name is kept as an annotation, and as an alias under which the service is reached.",
			Codes: []diag.Code{diag.CodeContainerName, diag.CodeAliasTaken, diag.CodeNameChanged}, Map: mapContainerName,
		},
	}, loggingRows()...)
}

func mapContainerName(c *Ctx) {
	if c.Service.ContainerName != "" {
		c.annotate(AnnotationContainerName, c.Service.ContainerName)
		c.nameAlias(c.Service.ContainerName)
	}
}

// nameAlias makes the container's name another name of the service, as Docker's
// DNS has it. A name with dots is none in the cluster's.
func (c *Ctx) nameAlias(name string) {
	if label := kubeName(name); strings.Contains(name, ".") || len(validation.IsDNS1123Label(label)) > 0 {
		c.Report(diag.CodeContainerName, "container_name", "%q cannot be a name in the cluster: the service is reached as %s", name, c.KubeName)
		return
	}
	c.alias(name, c.Name, "container_name")
}

// annotate sets an annotation of the pod.
func (c *Ctx) annotate(key, value string) {
	if c.Template.Annotations == nil {
		c.Template.Annotations = map[string]string{}
	}
	c.Template.Annotations[key] = value
}

func mapLabels(c *Ctx) {
	c.reportForeignLabels()
	labels, annotations := c.labelsFrom("labels", c.Service.Labels)
	c.Template.Labels = merged(labels, c.Template.Labels)
	c.Template.Annotations = merged(c.Template.Annotations, annotations)
}

func mapAnnotations(c *Ctx) {
	_, annotations := c.labelsFrom("annotations", c.Service.Annotations)
	c.Template.Annotations = merged(c.Template.Annotations, annotations)
}

// labelsFrom sorts free-text labels by what Kubernetes allows: all are
// annotations, those with a short plain value also labels. A name that is not
// allowed for either is reported.
func (c *Ctx) labelsFrom(attribute string, in map[string]string) (labels, annotations map[string]string) {
	if len(in) == 0 {
		return nil, nil
	}
	labels, annotations = map[string]string{}, map[string]string{}
	for _, key := range sortedKeys(in) {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			c.reportAt(diag.CodeLabelKey, append(strings.Split(attribute, "."), key), "%q cannot be the name of a label or annotation on Kubernetes", key).
				Hint = "use letters, digits, `-`, `_` and `.`, with at most one `/` after a DNS name"
			continue
		}
		annotations[key] = in[key]
		if len(validation.IsQualifiedName(key)) == 0 && len(validation.IsValidLabelValue(in[key])) == 0 {
			labels[key] = in[key]
		}
	}
	return labels, annotations
}
