package render

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// defaultClaimSize is asked for where no file says a size. Providers round up to
// what they have; less than 1Gi is refused by some.
const defaultClaimSize = "1Gi"

// claims renders a PersistentVolumeClaim for each named volume that a service
// uses and that is neither external nor of another kind.
func (r *rendering) claims() {
	done := map[string]bool{}
	for _, name := range r.project.VolumeNames() {
		config := r.project.Volumes[name]
		docker := dockerVolume(r.params, name)
		r.checkClaimName(name, config)
		if bool(config.External) || hasDriverSource(r.params, name, config) || len(r.relations.users[name]) == 0 || docker.Scope == "task" || needsClaim(docker) {
			continue
		}
		if config.Driver != "" && config.Driver != "local" && r.volumeSettings(name).Class == nil {
			r.report(diag.CodeVolumeDriver, []string{"volumes", name, "driver"}, "the driver %q is a Docker plugin: the claim gets the cluster's storage class instead", config.Driver).
				Hint = "choose one with kubernetes.volumes." + name + ".class or kubernetes.volume_drivers in ecs-params.yml"
		}
		r.reportVolumeLabels(name)
		if claim := r.claim(name, config); !done[claim.Name] {
			done[claim.Name] = true
			r.add(claim, "volumes", name)
		}
	}
}

// checkClaimName reports a volume whose own name no claim can have.
func (r *rendering) checkClaimName(name string, config types.VolumeConfig) {
	claim := claimName(r.project.Name, name, config)
	if config.Name == "" || config.Name == r.project.Name+"_"+name || config.Name == claim || len(r.relations.users[name]) == 0 {
		return
	}
	d := r.report(diag.CodeNameChanged, []string{"volumes", name}, "the volume %q is the claim %q on Kubernetes", config.Name, claim)
	if config.External {
		d.Hint = "create the claim in the cluster under that name"
	}
}

func (r *rendering) claim(name string, config types.VolumeConfig) *corev1.PersistentVolumeClaim {
	p := r.volumeSettings(name)
	size, err := resource.ParseQuantity(p.Size)
	if err != nil {
		size = resource.MustParse(defaultClaimSize)
	}
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   typeMeta("v1", "PersistentVolumeClaim"),
		ObjectMeta: metav1.ObjectMeta{Name: claimName(r.project.Name, name, config), Labels: projectLabels(r.project.Name), Annotations: r.claimAnnotations(name, config)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      accessModes(p),
			StorageClassName: p.Class,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
	return claim
}

// claimAnnotations are the labels of the volume: those of ecs-params win over
// the volume's own, and these over those of its mounts.
func (r *rendering) claimAnnotations(name string, config types.VolumeConfig) map[string]string {
	out := merged(labelAnnotations(config.Labels), dockerVolume(r.params, name).Labels)
	for _, user := range r.relations.users[name] {
		for _, v := range specOf(r.project, user).Volumes {
			if v.Source == name && v.Volume != nil {
				out = merged(labelAnnotations(types.Labels(v.Volume.Labels)), out)
			}
		}
	}
	return out
}

// dockerVolume returns the volume's entry in ecs-params' docker_volumes; the
// zero value if there is none.
func dockerVolume(p *params.Params, name string) params.DockerVolume {
	for _, v := range p.TaskDefinition.DockerVolumes {
		if v.Name == name {
			return v
		}
	}
	return params.DockerVolume{}
}

// needsClaim reports whether ecs-params say that the volume exists already:
// scope shared without autoprovision.
func needsClaim(v params.DockerVolume) bool {
	return v.Scope == "shared" && (v.Autoprovision == nil || !*v.Autoprovision)
}

// claimName is the claim of a volume: PROJECT-VOLUME, or the name that the file
// gives it.
func claimName(project, volume string, config types.VolumeConfig) string {
	if config.Name != "" && config.Name != project+"_"+volume {
		return kubeName(config.Name)
	}
	return volumeClaimName(project, volume)
}

// labelAnnotations are Compose labels as annotations, whose values are free text.
func labelAnnotations(labels types.Labels) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	return labels
}

func accessModes(p params.KubernetesVolume) []corev1.PersistentVolumeAccessMode {
	if len(p.AccessModes) == 0 {
		return []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	modes := make([]corev1.PersistentVolumeAccessMode, 0, len(p.AccessModes))
	for _, m := range p.AccessModes {
		modes = append(modes, corev1.PersistentVolumeAccessMode(m))
	}
	return modes
}

// claimIsShared reports whether pods on several nodes can mount the volume.
func claimIsShared(p *params.Params, name string) bool {
	return slices.ContainsFunc(p.Kubernetes.Volumes[name].AccessModes, func(m string) bool {
		return m == string(corev1.ReadWriteMany) || m == string(corev1.ReadOnlyMany)
	})
}

// driverSource gives the options of Docker's local driver their meaning: nfs and
// tmpfs are volume kinds of Kubernetes. special is false for an ordinary volume.
func (c *Ctx) driverSource(name string, config types.VolumeConfig) (source corev1.VolumeSource, special, ok bool) {
	opts := config.DriverOpts
	if bool(config.External) || !hasDriverSource(c.Params, name, config) {
		return source, false, true
	}
	switch {
	case opts["type"] == "tmpfs":
		return memorySource(tmpfsOptionSize(opts["o"])), true, true
	case strings.HasPrefix(opts["type"], "nfs") && mountOption(opts["o"], "addr") != "":
		nfs := &corev1.NFSVolumeSource{
			Server: mountOption(opts["o"], "addr"), Path: strings.TrimPrefix(opts["device"], ":"),
			ReadOnly: slices.Contains(strings.Split(opts["o"], ","), "ro"),
		}
		return corev1.VolumeSource{NFS: nfs}, true, true
	}
	path := []string{"volumes", name, "driver_opts"}
	c.diags.Add(diag.New(diag.CodeVolumeOptions, c.Project.Pos(path...), pathString(path), "these options of the driver %q have no meaning on Kubernetes", driverName(config)).
		WithHint("state the size or class of the claim that stands for it with kubernetes.volumes.%s in ecs-params.yml, or make the volume external and create the claim yourself", name))
	return source, true, false
}

// hasDriverSource reports whether the options of a volume's driver say where it
// lives. Where the params describe the volume it is a claim instead.
func hasDriverSource(p *params.Params, name string, config types.VolumeConfig) bool {
	_, decided := p.Kubernetes.Volumes[name]
	return len(config.DriverOpts) > 0 && !decided
}

func driverName(config types.VolumeConfig) string {
	if config.Driver == "" {
		return "local"
	}
	return config.Driver
}

// mountOption returns the value of key=value in a comma-separated list.
func mountOption(options, key string) string {
	for option := range strings.SplitSeq(options, ",") {
		if k, v, ok := strings.Cut(option, "="); ok && k == key {
			return v
		}
	}
	return ""
}

func tmpfsOptionSize(options string) int64 {
	n, err := units.RAMInBytes(mountOption(options, "size"))
	if err != nil {
		return 0
	}
	return n
}
