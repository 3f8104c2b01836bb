package render

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// volumeRows holds the rows of volumes, tmpfs and shm_size.
func volumeRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.volumes",
			Covers: []string{
				"[].type", "[].source", "[].target", "[].read_only", "[].bind", "[].bind.create_host_path",
				"[].volume", "[].volume.subpath", "[].tmpfs", "[].tmpfs.size", "[].image", "[].image.subpath",
			},
			Support: Full, Target: "pod.spec.volumes, container.volumeMounts",
			Doc: "Named volumes are claims. An anonymous volume lives as long as its pod; where gantry.lock has the image, each VOLUME of it that nothing is mounted on is one. tmpfs is memory. " + seedDoc + " " +
				"A bind of a small file or folder is a read-only ConfigMap; docker.sock, system paths, source trees and missing paths are errors that name the way out: a folder for data becomes the volume that `x-gantry: {claims: {PATH: VOLUME}}` names.",
			Codes: []diag.Code{
				diag.CodeBindSocket, diag.CodeBindSystem, diag.CodeBindSource, diag.CodeBindMissing, diag.CodeBindTooLarge,
				diag.CodeBindReadOnly, diag.CodeBindContent, diag.CodeVolumeType, diag.CodeVolumeDriver, diag.CodeApart, diag.CodeMountPath, diag.CodeMountTwice, diag.CodeVolumeSeed, diag.CodeImageNotPinned,
			},
			Map: mapVolumes,
		},
		{
			Path: "services.*.tmpfs", Support: Full, Target: "pod.spec.volumes.emptyDir{medium: Memory}",
			Doc:   "Memory-backed; size is its limit. The other options (uid, gid, mode, exec) have no field: the folder is writable for everyone.",
			Codes: []diag.Code{diag.CodeTmpfsOption, diag.CodeMountTwice}, Map: mapTmpfs,
		},
		{
			Path: "services.*.shm_size", Support: Full, Target: "emptyDir{medium: Memory, sizeLimit} at /dev/shm",
			Doc: "A memory-backed volume at /dev/shm of that size.", Map: mapShmSize,
		},
		{
			Path: "services.*.volumes_from", Support: Full, Target: "container.volumeMounts",
			Doc:   "The mounts of the named service, read-only with :ro. A container outside of the project has no name in the cluster and is an error.",
			Codes: []diag.Code{diag.CodeVolumesFrom, diag.CodeSharedAnonymous}, Map: mapVolumesFrom,
		},
		{Path: "services.*.volumes.[].tmpfs.mode", Support: Ignored, Reason: "is not set: a memory volume is writable for everyone (0777)", Hint: "remove it", Doc: "A memory volume is writable for everyone (0777).", Codes: []diag.Code{diag.CodeTmpfsOption}},
		ignored("services.*.volumes.[].consistency", nil, "is a setting of Docker Desktop's file sharing", "remove it", diag.CodeMountOption),
		ignored("services.*.volumes.[].bind.selinux", nil, "is not used: nothing of the host is mounted", "remove it", diag.CodeMountOption),
		{
			Path: "services.*.volumes.[].bind.propagation", Support: Partial, Target: "volumeMounts.mountPropagation",
			Doc:   "Of a path of the node: shared and rshared are Bidirectional, which only a privileged service may have, slave and rslave HostToContainer. A copied file or folder has no mounts below it.",
			Codes: []diag.Code{diag.CodeMountOption},
		},
		{
			Path: "services.*.volumes.[].bind.recursive", Support: Partial, Target: "volumeMounts.recursiveReadOnly",
			Doc:   "Of a read-only path of the node: readonly is Enabled, enabled IfPossible, writable Disabled. Mounts below are always there: disabled is reported.",
			Codes: []diag.Code{diag.CodeMountOption},
		},
		{Path: "services.*.volumes.[].volume.nocopy", Support: Full, Target: "pod.spec.initContainers", Doc: "Keeps a volume from being filled from the image where `seed: true` asks for it."},
		{
			Path: "services.*.volumes.[].volume.labels", Covers: []string{"*"}, Support: Full, Target: "metadata.annotations of the claim",
			Doc: "Annotations of the volume's claim, below those of the volume itself. An anonymous volume is no object, so that its labels are reported.", Codes: []diag.Code{diag.CodeMountOption}, Map: reportLostLabels,
		},
	}
}

func mapVolumes(c *Ctx) {
	for i, v := range c.Service.Volumes {
		c.mountVolume(v, []string{"volumes", strconv.Itoa(i)})
	}
	c.ownVolumes()
}

// mountVolume mounts one entry of volumes, which stands at a place in the service.
func (c *Ctx) mountVolume(v types.ServiceVolumeConfig, place []string) {
	switch v.Type {
	case types.VolumeTypeVolume:
		c.mountNamed(v, place)
	case types.VolumeTypeBind:
		c.mountBind(v, place)
	case types.VolumeTypeTmpfs:
		var size types.UnitBytes
		if v.Tmpfs != nil {
			size = v.Tmpfs.Size
		}
		c.mount(c.memoryVolume(v.Target, int64(size)), corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}, place)
	case types.VolumeTypeImage:
		c.mountImage(v, place)
	default:
		c.reportAt(diag.CodeVolumeType, place, "volumes of type %q exist on one machine only", v.Type).
			Hint = "use a named volume and choose its storage class in the params"
	}
}

// mount adds a pod volume, once for each name, and its mount.
func (c *Ctx) mount(volume corev1.Volume, m corev1.VolumeMount, place []string) {
	taken := func(o corev1.VolumeMount) bool { return path.Clean(o.MountPath) == path.Clean(m.MountPath) }
	if slices.ContainsFunc(c.Container.VolumeMounts, taken) {
		c.reportAt(diag.CodeMountTwice, place, "%s is mounted twice in the container", m.MountPath).Hint = "remove one of the two"
		return
	}
	if !path.IsAbs(m.MountPath) && !strings.HasPrefix(c.Service.Platform, "windows") {
		c.reportAt(diag.CodeMountPath, place, "%q is no path in a container", m.MountPath).
			Hint = "write a path that begins with /; a volume's name of one letter is read as a drive of Windows"
		return
	}
	c.addVolume(volume)
	m.Name = volume.Name
	c.Container.VolumeMounts = append(c.Container.VolumeMounts, m)
}

func (c *Ctx) addVolume(volume corev1.Volume) {
	if !slices.ContainsFunc(c.Pod.Volumes, func(o corev1.Volume) bool { return o.Name == volume.Name }) {
		c.Pod.Volumes = append(c.Pod.Volumes, volume)
	}
}

// volumeName names a volume in the pod: what it is, then what it holds. Of two
// that would have the same name, such as the secrets a_b and a-b, the second
// gets the hash of what it holds, so that neither is taken for the other.
func (c *Ctx) volumeName(kind, of string) string {
	name := plainVolumeName(kind, of)
	if holds, taken := c.volumes[name]; taken && holds != of {
		name = shorten(name+"-"+shortHash(of), kind+of, maxName)
	}
	if c.volumes == nil {
		c.volumes = map[string]string{}
	}
	c.volumes[name] = of
	return name
}

func plainVolumeName(kind, of string) string {
	return shorten(kind+"-"+kubeName(of), kind+of, maxName)
}

// memoryVolume is a volume in memory for a path of the container.
func (c *Ctx) memoryVolume(target string, size int64) corev1.Volume {
	return corev1.Volume{Name: c.volumeName("tmpfs", target), VolumeSource: memorySource(size)}
}

func memorySource(size int64) corev1.VolumeSource {
	memory := &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}
	if size > 0 {
		memory.SizeLimit = bytesQuantity(size)
	}
	return corev1.VolumeSource{EmptyDir: memory}
}

// bytesQuantity writes a number of bytes in the largest binary unit that is exact.
func bytesQuantity(n int64) *resource.Quantity {
	return resource.NewQuantity(n, resource.BinarySI)
}

// mountNamed mounts a named or an anonymous volume.
func (c *Ctx) mountNamed(v types.ServiceVolumeConfig, place []string) {
	m := corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}
	if v.Volume != nil {
		m.SubPath = v.Volume.Subpath
	}
	if v.Source == "" {
		empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
		c.mount(corev1.Volume{Name: c.volumeName("anonymous", v.Target), VolumeSource: empty}, m, place)
		c.seed(v, empty, place)
		return
	}
	source, ok := c.namedSource(v.Source, place)
	if ok {
		c.mount(corev1.Volume{Name: c.volumeName("volume", v.Source), VolumeSource: source}, m, place)
		c.seed(v, source, place)
	}
}

// namedSource is where a named volume's data lives: a claim, or what the local
// driver's options say.
func (c *Ctx) namedSource(name string, place []string) (corev1.VolumeSource, bool) {
	config := c.Project.Volumes[name]
	if source, special, ok := c.driverSource(name, config); special {
		return source, ok
	}
	claim := claimName(c.Project.Name, name, config)
	docker := dockerVolume(c.Params, name)
	if docker.Scope == "task" {
		return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, true
	}
	if bool(config.External) || needsClaim(docker) {
		c.Require(Ref{GroupKind: schema.GroupKind{Kind: "PersistentVolumeClaim"}, Name: claim}, "", place...)
	}
	c.shareClaim(name)
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}, true
}

// shareClaim keeps the users of a claim together: a claim that only one node
// can mount needs its pods on that node, and a new pod must wait for the old.
func (c *Ctx) shareClaim(name string) {
	if claimIsShared(c.Params, name) {
		return
	}
	c.Workload.Recreate = true
	if len(c.relations.users[name]) < 2 && !c.severalReplicas() {
		return
	}
	label := "volume.gantry.dev/" + labelValue(name)
	c.Template.Labels[label] = "true"
	term := corev1.PodAffinityTerm{
		TopologyKey:   corev1.LabelHostname,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{LabelProject: labelValue(c.Project.Name), label: "true"}},
	}
	if c.Pod.Affinity == nil {
		c.Pod.Affinity = &corev1.Affinity{}
	}
	if c.Pod.Affinity.PodAffinity == nil {
		c.Pod.Affinity.PodAffinity = &corev1.PodAffinity{}
	}
	required := &c.Pod.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*required = append(*required, term)
}

// severalReplicas reports whether a file or the params ask for more than one.
func (c *Ctx) severalReplicas() bool {
	if a := c.KubernetesService().Autoscaling; a != nil {
		return a.Max > 1
	}
	if n := c.KubernetesService().Replicas; n != nil {
		return *n > 1
	}
	if d := c.Service.Deploy; d != nil && d.Replicas != nil {
		return *d.Replicas > 1
	}
	return c.Service.Scale != nil && *c.Service.Scale > 1
}

// ownVolumes lets a process that is not root write to its volumes: under Docker
// a volume takes the owner of the image's folder, here the group of the pod.
func (c *Ctx) ownVolumes() {
	security := c.Container.SecurityContext
	if security == nil || security.RunAsUser == nil || *security.RunAsUser == 0 {
		return
	}
	writable := func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil || v.EmptyDir != nil }
	if !slices.ContainsFunc(c.Pod.Volumes, writable) {
		return
	}
	group := *security.RunAsUser
	if security.RunAsGroup != nil {
		group = *security.RunAsGroup
	}
	if c.Pod.SecurityContext == nil {
		c.Pod.SecurityContext = &corev1.PodSecurityContext{}
	}
	if group == 0 { // a volume of root's group is not writable for its members
		group = *security.RunAsUser
	}
	if c.Pod.SecurityContext.FSGroup == nil {
		c.Pod.SecurityContext.FSGroup = &group
	}
}

func (c *Ctx) mountImage(v types.ServiceVolumeConfig, place []string) {
	m := corev1.VolumeMount{MountPath: v.Target, ReadOnly: true}
	if v.Image != nil {
		m.SubPath = v.Image.SubPath
	}
	reference := v.Source
	if c.Options.Images != nil {
		config, _ := c.Options.Images.Find(v.Source, c.Service.Platform)
		reference = c.pinned(v.Source, config.Digest, place)
	}
	image := corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: reference, PullPolicy: corev1.PullIfNotPresent}}
	c.mount(corev1.Volume{Name: c.volumeName("image", v.Source), VolumeSource: image}, m, place)
}

func mapTmpfs(c *Ctx) {
	for i, entry := range c.Service.Tmpfs {
		place := []string{"tmpfs", strconv.Itoa(i)}
		target, options, _ := strings.Cut(entry, ":")
		c.mount(c.memoryVolume(target, c.tmpfsSize(options, place)), corev1.VolumeMount{MountPath: target}, place)
	}
	c.ownVolumes()
}

// tmpfsSize returns the size option in bytes, 0 without one, and reports the
// options that a memory volume lacks.
func (c *Ctx) tmpfsSize(options string, place []string) int64 {
	var size int64
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "", "rw", "exec", "suid", "dev":
		case "size":
			n, err := units.RAMInBytes(value)
			if err != nil {
				c.reportAt(diag.CodeTmpfsOption, place, "%q is not a size", value).Hint = "write a number with k, m or g"
			}
			size = n
		case "ro", "noexec", "nosuid", "nodev":
			c.reportAt(diag.CodeTmpfsOption, place, "the option %s is not set: a memory volume has the mount options of the node", key)
		default:
			c.reportAt(diag.CodeTmpfsOption, place, "the option %s is not set: a memory volume is writable for everyone (0777)", key)
		}
	}
	return size
}

// shmPath is where the shared memory of an IPC namespace is mounted.
const shmPath = "/dev/shm"

func mapShmSize(c *Ctx) {
	if c.Service.ShmSize > 0 {
		c.mount(c.memoryVolume(shmPath, int64(c.Service.ShmSize)), corev1.VolumeMount{MountPath: shmPath}, []string{"shm_size"})
	}
}

// reportLostLabels reports the labels of what has no claim of its own.
func reportLostLabels(c *Ctx) {
	for i, v := range c.Service.Volumes {
		if v.Volume != nil && len(v.Volume.Labels) > 0 && (v.Source == "" || bool(c.Project.Volumes[v.Source].External)) {
			c.reportAt(diag.CodeMountOption, []string{"volumes", strconv.Itoa(i), "volume", "labels"}, "the volume has no claim of the project that could bear labels")
		}
	}
}
