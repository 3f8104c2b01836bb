package params

import (
	"math"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// runFields are the keys of run_params.
func runFields() []field[RunParams] {
	type T = RunParams
	self := func(r *T) *T { return r }
	return []field[T]{
		object("network_configuration", "Network of the task.", self, []field[T]{
			object("awsvpc_configuration", "Network interface of the task.", self, networkFields()),
		}),
		object("task_placement", "Where tasks are put.", self, []field[T]{
			list("strategy", "spread becomes topology spread constraints.",
				func(r *T) *[]Placement { return &r.Strategy }, strategyFields()),
			list("constraints", "memberOf becomes node affinity, distinctInstance pod anti-affinity.",
				func(r *T) *[]Placement { return &r.Constraints }, placementFields("memberOf", "distinctInstance")),
		}),
		object("service_discovery", "Names of the service in DNS.",
			func(r *T) *ServiceDiscovery { return &r.ServiceDiscovery }, discoveryFields()),
	}
}

func networkFields() []field[RunParams] {
	type T = RunParams
	return []field[T]{
		texts("subnets", "pods get their addresses from the cluster's network",
			func(r *T) *[]string { return &r.Subnets }, nil).noEffect(diag.CodeParamsSubnets, "to choose nodes, use kubernetes.services.NAME.node_selector"),
		texts("security_groups", "security groups do not filter the traffic of pods",
			func(r *T) *[]string { return &r.SecurityGroups }, nil).noEffect(diag.CodeParamsSecurityGroups,
			"restrict traffic with a NetworkPolicy in the resources of kustomization.yaml"),
		choice("assign_public_ip", "ENABLED exposes published ports by a Service of type LoadBalancer, DISABLED inside the cluster only.",
			func(r *T) *string { return &r.AssignPublicIP }, "ENABLED", "DISABLED"),
	}
}

func strategyFields() []field[Placement] {
	return []field[Placement]{
		choice("type", "spread, binpack or random.", func(p *Placement) *string { return &p.Type }, "random", "spread", "binpack").required(),
		text("field", "What spread counts by, such as attribute:ecs.availability-zone or instanceId; what binpack fills, cpu or memory.",
			func(p *Placement) *string { return &p.Field }),
	}
}

func discoveryFields() []field[ServiceDiscovery] {
	type T = ServiceDiscovery
	return []field[T]{
		text("container_name", "the cluster's DNS has a name for every service and SRV records for all their named ports",
			func(d *T) *string { return &d.ContainerName }).noEffect(diag.CodeParamsDiscovery, ""),
		integer("container_port", "the cluster's DNS has SRV records for all named ports", 1, 65535,
			func(d *T, n int64) { d.ContainerPort = n }).noEffect(diag.CodeParamsDiscovery, ""),
		object("private_dns_namespace", "every service has its name in the cluster's own DNS, in the namespace that it runs in",
			func(d *T) *DNSNamespace { return &d.Private }, namespaceFields(true)).
			noEffect(diag.CodeParamsDiscovery, "to choose the namespace, use kubernetes.namespace"),
		object("public_dns_namespace", "the cluster's DNS is not public",
			func(d *T) *DNSNamespace { return &d.Public }, namespaceFields(false)).
			noEffect(diag.CodeParamsPublicDNS, "install external-dns and annotate the Service in kubernetes.services.NAME.service.annotations"),
		object("service_discovery_service", "a service's name in the cluster's DNS is its name in the Compose file",
			func(d *T) *T { return d }, discoveryServiceFields()).noEffect(diag.CodeParamsDiscovery, ""),
	}
}

func namespaceFields(private bool) []field[DNSNamespace] {
	type T = DNSNamespace
	fields := []field[T]{
		text("id", "ID of an existing namespace.", func(n *T) *string { return &n.ID }),
		text("name", "Name of the namespace.", func(n *T) *string { return &n.Name }),
	}
	if private {
		fields = append(fields,
			text("vpc", "VPC of a namespace that is to be made.", func(n *T) *string { return &n.VPC }),
			text("description", "Description of the namespace.", func(n *T) *string { return &n.Description }))
	}
	return fields
}

func discoveryServiceFields() []field[ServiceDiscovery] {
	type T = ServiceDiscovery
	self := func(d *T) *T { return d }
	return []field[T]{
		text("name", "Name of the service.", func(d *T) *string { return &d.Service }),
		text("description", "Description of the service.", func(d *T) *string { return &d.Description }),
		object("dns_config", "DNS records of the service.", self, []field[T]{
			choice("type", "A or SRV.", func(d *T) *string { return &d.DNSType }, "A", "SRV"),
			integer("ttl", "Seconds that a record may be kept.", 0, math.MaxInt32, func(d *T, n int64) { d.TTL = n }),
		}),
		object("healthcheck_custom_config", "Health of the records.", self, []field[T]{
			integer("failure_threshold", "Failures before a record is removed.", 1, 10,
				func(d *T, n int64) { d.FailureThreshold = n }),
		}),
	}
}
