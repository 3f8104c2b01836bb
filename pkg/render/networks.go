package render

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// labelNetwork prefixes the labels that tell which Compose networks a pod is on.
const labelNetwork = "network.gantry.dev/"

// networkRows holds the rows of networks, links and the names of a service.
func networkRows() []Attribute {
	return append(attachmentRows(), []Attribute{
		{
			Path: "services.*.networks", Covers: []string{"*", "*.aliases"}, Support: Full,
			Target: "pod labels network.gantry.dev/NAME, Service per alias, NetworkPolicy",
			Doc: "Membership is a pod label. NetworkPolicies are rendered only where networks really separate services or a network is internal " +
				"(kubernetes.network_policies in the params: always or never). They leave published ports and DNS open; probes come from the node, which no policy stops. " +
				"Each alias is a Service of its own that selects the same pods.",
			Codes: []diag.Code{diag.CodeAliasInvalid, diag.CodeAliasTaken}, Map: mapNetworks,
		},
		{
			Path: "services.*.networks.*.use_service_name_alias", Support: Ignored,
			Reason: "has no effect: the other objects of the service refer to it by its name", Hint: "remove it",
			Doc:   "The service keeps its own name in the cluster's DNS, since its other objects refer to it.",
			Codes: []diag.Code{diag.CodeNameAlias}, Map: reportNameAlias,
		},
		{
			Path: "services.*.links", Support: Full, Target: "Service per alias",
			Doc:   "A link is an order of start (as depends_on) and an alias: the alias is a Service that selects the linked service. Under Docker only the linking container sees the alias, here the whole namespace does.",
			Codes: []diag.Code{diag.CodeAliasInvalid, diag.CodeAliasTaken}, Map: mapLinks,
		},
		{
			Path: "services.*.external_links", Support: Partial, Target: "Service of type ExternalName",
			Doc: "A container outside of the project has no name in the cluster. Where `kubernetes.external_hosts: {CONTAINER: HOST}` in the params says what stands for it, " +
				"the link's name is a Service that leads to that host, such as redis.other.svc.cluster.local; otherwise it is an error.",
			Codes: []diag.Code{diag.CodeExternalLink, diag.CodeAliasInvalid, diag.CodeAliasTaken}, Map: mapExternalLinks,
		},
		ignored("services.*.networks.*.driver_opts", []string{"*"}, "is not used: the cluster's network has no options per service", "remove it", diag.CodeNetworkInterface),
	}...)
}

// ignored is a row for an attribute that has no meaning on Kubernetes.
func ignored(path string, covers []string, reason, hint string, code diag.Code) Attribute {
	return Attribute{Path: path, Covers: covers, Support: Ignored, Reason: reason, Hint: hint, Doc: sentence(reason), Codes: []diag.Code{code}}
}

// rejected is a row for an attribute that cannot be dropped without harm.
func rejected(path string, covers []string, reason, hint string, code diag.Code) Attribute {
	return Attribute{Path: path, Covers: covers, Support: Rejected, Reason: reason, Hint: hint, Doc: sentence(reason + "; " + hint), Codes: []diag.Code{code}}
}

// sentence makes a clause that follows an attribute's name stand alone.
func sentence(clause string) string {
	if strings.HasPrefix(clause, "are ") {
		return "They " + strings.TrimSuffix(clause, ".") + "."
	}
	return "It " + strings.TrimSuffix(clause, ".") + "."
}

func mapNetworks(c *Ctx) {
	c.attachNetworks()
	for _, name := range sortedKeys(c.Service.Networks) {
		if c.relations.isolated {
			c.Template.Labels[labelNetwork+labelValue(name)] = "true"
		}
		network := c.Service.Networks[name]
		if network == nil {
			continue
		}
		for _, alias := range network.Aliases {
			c.alias(alias, c.Name, "networks", name, "aliases")
		}
	}
}

func reportNameAlias(c *Ctx) {
	for _, name := range sortedKeys(c.Service.Networks) {
		if n := c.Service.Networks[name]; n != nil && !n.ServiceNameAliasEnabled() {
			c.reportAt(diag.CodeNameAlias, []string{"networks", name, "use_service_name_alias"}, "the service keeps its own name %s: other objects refer to it", c.KubeName)
		}
	}
}

func mapLinks(c *Ctx) {
	for _, link := range c.Service.Links {
		target, alias, ok := strings.Cut(link, ":")
		if ok && alias != target {
			c.alias(alias, target, "links")
		}
	}
}

// mapExternalLinks leads the names of containers outside of the project to the
// hosts that the params name.
func mapExternalLinks(c *Ctx) {
	for i, link := range c.Service.ExternalLinks {
		at := []string{"external_links", strconv.Itoa(i)}
		container, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = container
		}
		host := c.Params.Kubernetes.ExternalHosts[container]
		if host == "" {
			c.reportAt(diag.CodeExternalLink, at, "%q is a container outside of the project, which has no name in the cluster", container).
				Hint = "say what stands for it with `kubernetes.external_hosts: {" + container + ": HOST}` in ecs-params.yml"
			continue
		}
		c.aliasTo(alias, "", host, at)
	}
}

// aliasRequest asks for a further name of a service.
type aliasRequest struct {
	name, service string
	// host is what the name leads to where it is no service of the project.
	host string
	from *Ctx
	path []string
}

// alias notes a further name for a service, to be served once all are known.
func (c *Ctx) alias(name, service string, attribute ...string) {
	if name == service || name == "" {
		return
	}
	if c.isHook() {
		c.reportAt(diag.CodePreStart, attribute, "a hook has no name in the cluster's DNS: the alias %q is not served", name)
		return
	}
	c.aliasTo(name, service, "", attribute)
}

func (c *Ctx) aliasTo(name, service, host string, attribute []string) {
	label := kubeName(name)
	if len(validation.IsDNS1123Label(label)) > 0 || strings.Contains(name, ".") {
		d := c.reportAt(diag.CodeAliasInvalid, attribute, "the alias %q cannot be a name in the cluster: Service names are DNS labels without dots", name)
		d.Hint = "use the service's name, or accept it with x-gantry: {allow: [" + string(diag.CodeAliasInvalid) + "]}"
		return
	}
	if label != name {
		c.reportAt(diag.CodeNameChanged, attribute, "the alias %q becomes %q on Kubernetes", name, label).
			Hint = "change what refers to it"
	}
	c.aliases = append(c.aliases, aliasRequest{name: label, service: service, host: host, from: c, path: attribute})
}

// serveAliases renders a Service for each alias. A service's own name wins over
// an alias; of two services with one alias the first keeps it.
func (r *rendering) serveAliases() {
	taken := map[string]string{}
	byName := map[string]*Ctx{}
	for _, c := range r.contexts {
		taken[c.KubeName], taken[publishedName(c.KubeName)] = c.Name, c.Name
		byName[c.Name] = c
	}
	for _, c := range r.contexts {
		for _, a := range c.aliases {
			target := byName[a.service]
			if target == nil && a.host == "" {
				continue // a link to a service that a profile leaves out
			}
			if owner, ok := taken[a.name]; ok {
				if owner != a.service+a.host {
					c.reportAt(diag.CodeAliasTaken, a.path, "the alias %q is already a name of service %s and keeps leading there", a.name, owner)
				}
				continue
			}
			taken[a.name] = a.service + a.host
			if a.host != "" {
				c.Add(c.externalService(a), a.path...)
				continue
			}
			target.Add(target.internalService(a.name), a.path...)
		}
	}
}

// externalService is a name in the cluster's DNS for a host outside of the project.
func (c *Ctx) externalService(a aliasRequest) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   typeMeta("v1", "Service"),
		ObjectMeta: metav1.ObjectMeta{Name: a.name, Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName)},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: a.host},
	}
}
