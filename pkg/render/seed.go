package render

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// seedPath is where a volume is mounted while it is filled.
const seedPath = "/gantry/seed"

// seedDoc is the reason why volumes are not filled unless that is asked for.
const seedDoc = "Docker fills an empty volume with what the image has at the mount's path. Here volumes start empty unless `seed: true` is set, in x-gantry of the service or of the volume or in " +
	"kubernetes.volumes of the params: only the image can be copied by a container of itself, which needs a shell in it and would cost every start a container, " +
	"while most images fill their folder themselves. A seeding init container runs as root, as Docker's engine does, and fills only an empty volume."

// seed adds an init container that fills the volume with what the image has at
// the mount's path, or reports that it starts empty.
func (c *Ctx) seed(v types.ServiceVolumeConfig, source corev1.VolumeSource, place []string) {
	if c.isHook() || v.Volume != nil && v.Volume.NoCopy || bool(c.Project.Volumes[v.Source].External) {
		return
	}
	if !c.wantsSeed(v.Source) {
		if !v.ReadOnly && place[0] != "volumes_from" { // else another service writes to it
			c.reportUnseeded(v.Target, source, place)
		}
		return
	}
	mounts := c.Container.VolumeMounts
	if len(mounts) == 0 || mounts[len(mounts)-1].MountPath != v.Target {
		return
	}
	mount := mounts[len(mounts)-1]
	mount.MountPath, mount.ReadOnly = seedPath, false
	name := shorten(c.KubeName+"-seed-"+strings.TrimPrefix(mount.Name, "volume-"), c.KubeName+mount.Name+v.Target, maxName)
	c.seeds = append(c.seeds, corev1.Container{
		Name: name, Image: c.Container.Image, ImagePullPolicy: c.Container.ImagePullPolicy,
		Command: []string{"/bin/sh", "-c", escape(seedScript), "sh"}, Args: []string{escape(v.Target)},
		VolumeMounts:    []corev1.VolumeMount{mount},
		SecurityContext: &corev1.SecurityContext{RunAsUser: ptr(int64(0)), RunAsGroup: ptr(int64(0))},
	})
}

// reportUnseeded says what a volume has at first. One in memory is empty under
// Docker as well: what is copied there is gone before the container starts.
func (c *Ctx) reportUnseeded(target string, source corev1.VolumeSource, place []string) {
	content := "starts empty"
	switch {
	case source.NFS != nil:
		content = "has what is on its server"
	case source.EmptyDir != nil && source.EmptyDir.Medium == corev1.StorageMediumMemory:
		return
	}
	c.reportAt(diag.CodeVolumeSeed, place, "the volume at %s %s: what the image has there is not copied", target, content).
		Hint = "if the image's files are needed there, set `x-gantry: {seed: true}`"
}

// seedScript copies the folder $1 into the volume if there is nothing in it
// but what a file system brings along. The mark tells a copy that was broken
// off, which is then begun again.
const seedScript = `mark=` + seedPath + `/.gantry-seeding
if [ -d "$1" ] && { [ -e "$mark" ] || [ -z "$(ls -A ` + seedPath + ` | grep -vx lost+found)" ]; }; then
  touch "$mark" && cp -a "$1/." ` + seedPath + `/ && rm "$mark"
fi`

// wantsSeed reports whether an input asks for a volume of the service (""
// for an anonymous one) to be filled from the image.
func (c *Ctx) wantsSeed(volume string) bool {
	if on, stated := extensionBool(c.Service.Extensions, "seed"); stated {
		return on
	}
	if volume == "" {
		return false
	}
	if on := c.Params.Kubernetes.Volumes[volume].Seed; on != nil {
		return *on
	}
	on, _ := extensionBool(c.Project.Volumes[volume].Extensions, "seed")
	return on
}

// extensionBool reads x-gantry.KEY as a truth value; stated is false without one.
func extensionBool(extensions types.Extensions, key string) (on, stated bool) {
	on, stated = extensionBlock(extensions)[key].(bool)
	return on, stated
}
