package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/gantry-dev/gantry/pkg/manifest"
	"github.com/gantry-dev/gantry/pkg/render"
)

// acceptance judges a set as far as that is possible without a server: strict
// decoding into the types of the API, and the rules for names, labels,
// selectors, ports, environment and mounts that apimachinery exports or the API
// reference states.
type acceptance struct{ decoder runtime.Decoder }

func newAcceptance(t testing.TB) acceptance {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, resourcev1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return acceptance{serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()}
}

// faults returns what a server would refuse of a set, as it is written to a
// stream; nothing if it is in order.
func (a acceptance) faults(set render.Set) []string {
	var out bytes.Buffer
	if err := manifest.Write(&out, set, manifest.Options{Secrets: manifest.Inline}); err != nil {
		return []string{err.Error()}
	}
	var faults []string
	seen := map[string]bool{}
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(&out))
	buffer := make([]byte, out.Len()+1)
	count := 0
	for ; ; count++ {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return append(faults, err.Error())
		}
		if count < len(set.Objects) {
			object := set.Objects[count]
			if set.Namespace != "" && object.GetNamespace() == "" {
				object.Unstructured = object.DeepCopy()
				object.SetNamespace(set.Namespace)
			}
			faults = append(faults, a.document(buffer[:n], object, seen)...)
		}
	}
	if count != len(set.Objects) {
		faults = append(faults, fmt.Sprintf("%d documents for %d objects", count, len(set.Objects)))
	}
	return faults
}

// document judges one document of the stream against the object behind it.
func (a acceptance) document(text []byte, object render.Object, seen map[string]bool) []string {
	name := object.GetKind() + "/" + object.GetName()
	var faults []string
	add := func(format string, args ...any) {
		faults = append(faults, name+": "+fmt.Sprintf(format, args...))
	}
	if seen[name] {
		add("occurs twice")
	}
	seen[name] = true
	typed, _, err := a.decoder.Decode(text, nil, nil)
	if err != nil {
		add("strict decoding: %v", err)
		return faults
	}
	encoded, err := object.MarshalJSON()
	if err != nil {
		add("%v", err)
		return faults
	}
	want, _, err := a.decoder.Decode(encoded, nil, nil)
	if err != nil || !reflect.DeepEqual(typed, want) {
		add("the text means something else than the object (%v)", err)
	}
	for _, err := range validate(typed) {
		add("%v", err)
	}
	return faults
}

// validate applies what is known without a server to a typed object.
func validate(object runtime.Object) field.ErrorList {
	meta, ok := object.(metav1.Object)
	if !ok {
		return nil
	}
	name := validation.NameIsDNSSubdomain
	var all field.ErrorList
	switch o := object.(type) {
	case *corev1.Service:
		name = validation.NameIsDNSLabel
		all = servicePorts(o)
	case *appsv1.Deployment:
		all = workload(o.Spec.Selector, &o.Spec.Template)
	case *appsv1.StatefulSet:
		all = workload(o.Spec.Selector, &o.Spec.Template)
	case *appsv1.DaemonSet:
		all = workload(o.Spec.Selector, &o.Spec.Template)
	case *batchv1.Job:
		name = validation.NameIsDNSLabel
		all = podTemplate(&o.Spec.Template)
	case *batchv1.CronJob:
		all = podTemplate(&o.Spec.JobTemplate.Spec.Template)
		all = append(all, maxLength("metadata.name", o.Name, 52)...)
	case *corev1.ConfigMap:
		all = dataKeys(o.Data)
	case *corev1.PersistentVolumeClaim:
		if size := o.Spec.Resources.Requests.Storage(); size.Sign() <= 0 {
			all = append(all, field.Invalid(field.NewPath("spec.resources.requests.storage"), size.String(), "must be positive"))
		}
	}
	copied := metav1.ObjectMeta{
		Name: meta.GetName(), Namespace: "default", Labels: meta.GetLabels(), Annotations: meta.GetAnnotations(),
	}
	return append(all, validation.ValidateObjectMeta(&copied, true, name, field.NewPath("metadata"))...)
}

func maxLength(path, value string, limit int) field.ErrorList {
	if len(value) <= limit {
		return nil
	}
	return field.ErrorList{field.TooLong(field.NewPath(path), value, limit)}
}

func dataKeys(data map[string]string) field.ErrorList {
	var all field.ErrorList
	for key := range data {
		all = append(all, messages("data", key, utilvalidation.IsConfigMapKey(key))...)
	}
	return all
}

func messages(path string, value any, found []string) field.ErrorList {
	var all field.ErrorList
	for _, m := range found {
		all = append(all, field.Invalid(field.NewPath(path), value, m))
	}
	return all
}

func servicePorts(s *corev1.Service) field.ErrorList {
	var all field.ErrorList
	names, numbers := sets.New[string](), sets.New[string]()
	for _, p := range s.Spec.Ports {
		all = append(all, messages("ports.port", p.Port, utilvalidation.IsValidPortNum(int(p.Port)))...)
		all = append(all, messages("ports.name", p.Name, utilvalidation.IsDNS1123Label(p.Name))...)
		all = append(all, oneProtocol(p.Protocol)...)
		if number := fmt.Sprint(p.Port, p.Protocol); names.Has(p.Name) || numbers.Has(number) {
			all = append(all, field.Duplicate(field.NewPath("ports"), p.Name+" "+number))
		}
		names.Insert(p.Name)
		numbers.Insert(fmt.Sprint(p.Port, p.Protocol))
		if p.AppProtocol != nil {
			all = append(all, messages("ports.appProtocol", *p.AppProtocol, utilvalidation.IsQualifiedName(*p.AppProtocol))...)
		}
	}
	return append(all, metavalidation.ValidateLabels(s.Spec.Selector, field.NewPath("spec.selector"))...)
}

func oneProtocol(p corev1.Protocol) field.ErrorList {
	if sets.New(corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP).Has(p) {
		return nil
	}
	return field.ErrorList{field.NotSupported(field.NewPath("protocol"), p, []string{"TCP", "UDP", "SCTP"})}
}

func workload(selector *metav1.LabelSelector, template *corev1.PodTemplateSpec) field.ErrorList {
	all := podTemplate(template)
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || !s.Matches(labels.Set(template.Labels)) {
		all = append(all, field.Invalid(field.NewPath("spec.selector"), selector, "does not select its own pods"))
	}
	return all
}

func podTemplate(template *corev1.PodTemplateSpec) field.ErrorList {
	all := metavalidation.ValidateLabels(template.Labels, field.NewPath("template.labels"))
	all = append(all, validation.ValidateAnnotations(template.Annotations, field.NewPath("template.annotations"))...)
	pod := template.Spec
	volumes := sets.New[string]()
	for _, v := range pod.Volumes {
		all = append(all, messages("volumes.name", v.Name, utilvalidation.IsDNS1123Label(v.Name))...)
		if volumes.Has(v.Name) {
			all = append(all, field.Duplicate(field.NewPath("volumes"), v.Name))
		}
		volumes.Insert(v.Name)
	}
	names := sets.New[string]()
	for _, c := range append(append([]corev1.Container{}, pod.InitContainers...), pod.Containers...) {
		if names.Has(c.Name) {
			all = append(all, field.Duplicate(field.NewPath("containers"), c.Name))
		}
		names.Insert(c.Name)
		all = append(all, container(c, volumes)...)
	}
	for _, alias := range pod.HostAliases {
		all = append(all, utilvalidation.IsValidIP(field.NewPath("hostAliases"), alias.IP)...)
	}
	if pod.Hostname != "" {
		all = append(all, messages("hostname", pod.Hostname, utilvalidation.IsDNS1123Label(pod.Hostname))...)
	}
	if g := pod.TerminationGracePeriodSeconds; g != nil && *g < 0 {
		all = append(all, field.Invalid(field.NewPath("terminationGracePeriodSeconds"), *g, "is negative"))
	}
	return append(all, dnsConfig(pod.DNSConfig)...)
}

func dnsConfig(c *corev1.PodDNSConfig) field.ErrorList {
	if c == nil {
		return nil
	}
	var all field.ErrorList
	for _, search := range c.Searches {
		all = append(all, messages("dnsConfig.searches", search, utilvalidation.IsDNS1123SubdomainWithUnderscore(strings.TrimSuffix(search, ".")))...)
	}
	for _, option := range c.Options {
		if option.Name == "" {
			all = append(all, field.Required(field.NewPath("dnsConfig.options"), "name"))
		}
	}
	return all
}

func container(c corev1.Container, volumes sets.Set[string]) field.ErrorList {
	all := messages("container.name", c.Name, utilvalidation.IsDNS1123Label(c.Name))
	if strings.TrimSpace(c.Image) != c.Image || c.Image == "" {
		all = append(all, field.Invalid(field.NewPath("image"), c.Image, "is empty or padded"))
	}
	all = append(all, containerPorts(c.Ports)...)
	for _, e := range c.Env {
		all = append(all, messages("env.name", e.Name, utilvalidation.IsRelaxedEnvVarName(e.Name))...)
	}
	paths := sets.New[string]()
	for _, m := range c.VolumeMounts {
		if !volumes.Has(m.Name) {
			all = append(all, field.NotFound(field.NewPath("volumeMounts.name"), m.Name))
		}
		if m.MountPath == "" || paths.Has(m.MountPath) {
			all = append(all, field.Invalid(field.NewPath("volumeMounts.mountPath"), m.MountPath, "is empty or occurs twice"))
		}
		if strings.HasPrefix(m.SubPath, "/") || strings.Contains("/"+m.SubPath+"/", "/../") {
			all = append(all, field.Invalid(field.NewPath("volumeMounts.subPath"), m.SubPath, "leads outside"))
		}
		paths.Insert(m.MountPath)
	}
	for _, p := range []*corev1.Probe{c.ReadinessProbe, c.StartupProbe, c.LivenessProbe} {
		if p != nil && (p.PeriodSeconds < 1 || p.TimeoutSeconds < 1 || p.FailureThreshold < 1 || p.SuccessThreshold < 1 || p.InitialDelaySeconds < 0) {
			all = append(all, field.Invalid(field.NewPath("probe"), p.String(), "has a field below 1"))
		}
	}
	return append(all, resources(c.Resources)...)
}

func containerPorts(ports []corev1.ContainerPort) field.ErrorList {
	var all field.ErrorList
	names := sets.New[string]()
	for _, p := range ports {
		all = append(all, messages("ports.containerPort", p.ContainerPort, utilvalidation.IsValidPortNum(int(p.ContainerPort)))...)
		if p.HostPort != 0 {
			all = append(all, messages("ports.hostPort", p.HostPort, utilvalidation.IsValidPortNum(int(p.HostPort)))...)
		}
		all = append(all, oneProtocol(p.Protocol)...)
		if p.Name != "" {
			all = append(all, messages("ports.name", p.Name, utilvalidation.IsValidPortName(p.Name))...)
			if names.Has(p.Name) {
				all = append(all, field.Duplicate(field.NewPath("ports.name"), p.Name))
			}
			names.Insert(p.Name)
		}
	}
	return all
}

func resources(r corev1.ResourceRequirements) field.ErrorList {
	var all field.ErrorList
	for name, limit := range r.Limits {
		if limit.Sign() < 0 {
			all = append(all, field.Invalid(field.NewPath("resources.limits"), limit.String(), "is negative"))
		}
		if request, ok := r.Requests[name]; ok && request.Cmp(limit) > 0 {
			all = append(all, field.Invalid(field.NewPath("resources.requests"), request.String(), "is more than the limit "+limit.String()))
		}
	}
	for name, request := range r.Requests {
		if request.Sign() < 0 {
			all = append(all, field.Invalid(field.NewPath("resources.requests", string(name)), request.String(), "is negative"))
		}
	}
	return all
}
