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
	return []Attribute{
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
		{
			Path: "services.*.logging", Covers: []string{"driver", "options", "options.*"}, Support: Ignored,
			Reason: "has no Kubernetes equivalent: the node keeps what containers print",
			Hint:   "read it with `gantry compose logs`",
			Doc: "What containers print is kept and rotated by the node, read with `gantry compose logs`, and shipped elsewhere by a log agent " +
				"that the cluster runs for all pods. json-file, local, journald and awslogs lose nothing but their options; drivers that send elsewhere are a warning.",
			Codes: []diag.Code{diag.CodeLogging, diag.CodeLoggingDriver}, Map: reportLogging,
		},
	}
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

// reportLogging tells where the output of the containers goes.
func reportLogging(c *Ctx) {
	driver, options := c.Service.LogDriver, c.Service.LogOpt
	if l := c.Service.Logging; l != nil {
		driver, options = l.Driver, l.Options
	}
	switch driver {
	case "":
		if len(options) > 0 {
			c.Report(diag.CodeLogging, "logging", "the options of the log driver have no effect: the node keeps and rotates what containers print")
		}
	case "json-file", "local", "journald", "none":
		c.Report(diag.CodeLogging, "logging", "the log driver %s has no effect: the node keeps and rotates what containers print", driver).
			Hint = "read it with `gantry compose logs`"
	case "awslogs":
		c.Report(diag.CodeLogging, "logging", "awslogs has no effect: `gantry compose logs` reads from the cluster what CloudWatch would hold (log group %s)", options["awslogs-group"]).
			Hint = "to keep logs in CloudWatch, run its agent in the cluster: it ships the output of every pod"
	default:
		c.Report(diag.CodeLoggingDriver, "logging", "nothing is sent to the log driver %s: the node keeps what containers print", driver).
			Hint = "run a log agent in the cluster that ships the output of pods; `gantry compose logs` reads it in any case"
	}
}
