package render

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// add adds an object of the whole project that comes from the attribute with
// that path.
func (r *rendering) add(object runtime.Object, path ...string) {
	r.objects = append(r.objects, origin{object: object, path: path})
}

// report adds a diagnostic at a top-level attribute and returns it.
func (r *rendering) report(code diag.Code, path []string, format string, args ...any) *diag.Diagnostic {
	text := fmt.Sprintf(format, args...)
	r.diags.Add(diag.New(code, r.project.Pos(path...), pathString(path), "%s", text))
	return &r.diags[len(r.diags)-1]
}

// checkNames reports names that become equal once they are made fit for
// Kubernetes, and those that had to be changed.
func (r *rendering) checkNames() {
	services := map[string]string{}
	for _, name := range r.project.ServiceNames() {
		r.checkName(services, "services", name)
		if r.relations.hooks[name].service == "" {
			r.checkRename(name)
			r.checkDigit(name)
		}
	}
	for _, name := range sortedKeys(r.project.Jobs) {
		r.checkName(services, "jobs", name)
	}
	for _, name := range r.project.ServiceNames() {
		if owner, ok := services[publishedName(kubeName(name))]; ok && len(r.project.Services[name].Ports) > 0 {
			r.report(diag.CodeNamesCollide, []string{"services", owner},
				"service %q has the name of the Service that publishes the ports of %q", owner, name).Hint = "rename one of the two"
		}
	}
	claims := map[string]string{}
	for _, name := range r.project.VolumeNames() {
		claim := claimName(r.project.Name, name, r.project.Volumes[name])
		if other := claims[claim]; other == "" || r.project.Volumes[other].Name != r.project.Volumes[name].Name {
			r.checkLabel(claims, "volumes", name, claim)
		}
	}
}

func (r *rendering) checkName(taken map[string]string, section, name string) {
	r.checkLabel(taken, section, name, kubeName(name))
}

func (r *rendering) checkLabel(taken map[string]string, section, name, label string) {
	if other, ok := taken[label]; ok {
		r.report(diag.CodeNamesCollide, []string{section, name}, "%q and %q both become %q on Kubernetes", other, name, label).
			Hint = "rename one of the two: Kubernetes names have lower-case letters, digits and hyphens only"
		return
	}
	taken[label] = name
}

// checkRename reports where other services refer to a service by a name that
// does not exist in the cluster's DNS.
func (r *rendering) checkRename(name string) {
	label := kubeName(name)
	if label == name {
		return
	}
	r.report(diag.CodeNameChanged, []string{"services", name}, "service %q is named %q on Kubernetes", name, label)
	word := regexp.MustCompile(`(^|[^A-Za-z0-9_.-])` + regexp.QuoteMeta(name) + `($|[^A-Za-z0-9_-])`)
	for _, user := range r.project.ServiceNames() {
		if r.relations.hooks[user].service != "" {
			continue
		}
		environment := r.project.Services[user].Environment
		for _, key := range sortedKeys(environment) {
			if v := environment[key]; v != nil && strings.Contains(*v, name) && word.MatchString(*v) {
				r.report(diag.CodeHostRenamed, []string{"services", user, "environment", key},
					"the value seems to name the host %q, which is %q in the cluster", name, label).
					Hint = fmt.Sprintf("write %s, or rename the service", label)
			}
		}
	}
}

// checkDigit reports a service whose name older clusters refuse (Kubernetes 1.36,
// feature RelaxedServiceNameValidation).
func (r *rendering) checkDigit(name string) {
	if label := kubeName(name); isIndex(label[:1]) {
		r.report(diag.CodeNameDigit, []string{"services", name}, "a Service can be named %q since Kubernetes 1.36: older clusters refuse a digit in front", label).
			Hint = "rename the service if the cluster is older"
	}
}

// projectObjects adds what belongs to no single service and reports top-level
// attributes that nothing comes of.
func (r *rendering) projectObjects() {
	r.serveAliases()
	r.networkPolicies()
	r.claims()
	r.fileObjects()
	for _, row := range topLevelRows() {
		if len(row.Codes) == 0 || (row.Support != Ignored && row.Support != Rejected) {
			continue
		}
		for _, path := range r.table.fields.setPaths(reflect.ValueOf(r.project.Project), strings.Split(row.Path, ".")) {
			if r.impliedName(path) {
				continue
			}
			r.report(row.Codes[0], path, "%s %s", pathString(path), row.Reason).Hint = row.Hint
		}
	}
}

// impliedName reports whether the path is a network's name that the loader made
// of the project's and its own, or that an external network has by its key.
func (r *rendering) impliedName(path []string) bool {
	if len(path) != 3 || path[0] != "networks" || path[2] != "name" {
		return false
	}
	network := r.project.Networks[path[1]]
	return bool(network.External) || network.Name == r.project.Name+"_"+path[1]
}
