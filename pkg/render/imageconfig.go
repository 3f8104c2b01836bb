package render

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
)

// findImage returns what the lock knows of a service's image.
func (o Options) findImage(p *compose.Project, service string, spec types.ContainerSpec) (image.Config, bool) {
	if o.Images == nil {
		return image.Config{}, false
	}
	return o.Images.Find(image.Name(p.Name, service, spec.Image), spec.Platform)
}

// pinned returns the reference of an image as manifests name it: with the
// lock's digest where the lock asks for that. place is the attribute.
func (c *Ctx) pinned(reference, digest string, place []string) string {
	if c.Options.Images == nil || !c.Options.Images.Pin || strings.Contains(reference, "@") {
		return reference
	}
	if digest == "" {
		c.reportAt(diag.CodeImageNotPinned, place, "%s has no digest in %s: the tag is used, which can move", reference, image.LockFile).
			Hint = "run `gantry compose lock`"
	}
	return image.Pinned(reference, digest)
}

// reportUnlocked tells of a lock that does not know the service's image.
func (c *Ctx) reportUnlocked() {
	if c.Options.Images == nil || c.locked || c.Service.Image == "" || c.Service.Provider != nil {
		return
	}
	c.Report(diag.CodeImageNotLocked, "image", "%s for %s is not in %s: what the image says of itself is not used",
		c.Service.Image, c.Options.Images.PlatformOf(c.Service.Platform), image.LockFile).Hint = "run `" + c.lockCommand() + "`"
}

// lockCommand reads the service's image into the lock.
func (c *Ctx) lockCommand() string { return "gantry compose lock " + c.owner() }

// imageUser runs the service as the image's USER, in numbers: so that the API
// server can tell that it is not root, and that volumes are given to it. The
// runtime itself does so for root, and on Windows.
func (c *Ctx) imageUser() {
	u := c.image.User
	if u == nil || u.UID == nil || *u.UID == 0 || c.onWindows() {
		return
	}
	c.runAs(*u)
	c.gives("user %s (USER)", u.Name)
}

func (c *Ctx) onWindows() bool {
	return strings.HasPrefix(image.NormalPlatform(c.Service.Platform), "windows/")
}

// runAs sets the numbers of a user of the image.
func (c *Ctx) runAs(u image.User) {
	c.security().RunAsUser = u.UID
	c.security().RunAsGroup = u.GID
	if *u.UID != 0 {
		c.security().RunAsNonRoot = ptr(true)
		c.allowLowPorts()
	}
	for _, gid := range u.Groups {
		c.addGroup(gid)
	}
}

func (c *Ctx) addGroup(gid int64) {
	if groups := &c.podSecurity().SupplementalGroups; !slices.Contains(*groups, gid) {
		*groups = append(*groups, gid)
	}
}

// uid is the number of a user of the service's container, "" for the one that
// the container runs as; false where that is not known.
func (c *Ctx) uid(user string) (int64, bool) {
	if user == "" {
		user = c.Service.User
	}
	name, _, _ := strings.Cut(user, ":")
	if id, ok := numericID(name); ok {
		return id, true
	}
	if u, ok := c.image.FindUser(user); ok {
		return *u.UID, true
	}
	if user != "" || !c.locked {
		return 0, false
	}
	if c.image.User == nil {
		return 0, true
	}
	if c.image.User.UID == nil {
		return 0, false
	}
	return *c.image.User.UID, true
}

// sameUser reports whether a hook's user is the one that the container runs as.
func (c *Ctx) sameUser(user string) bool {
	if user == "" || user == c.Service.User {
		return true
	}
	hook, ok := c.uid(user)
	own, okOwn := c.uid("")
	return ok && okOwn && hook == own && !strings.Contains(user, ":")
}

// serves reports whether the service's pods go on running, rather than end.
func (c *Ctx) serves() bool {
	return !c.isHook() && c.Kind != KindJob && c.Kind != KindCronJob
}

// maxImageRange is the longest range of EXPOSE that becomes ports of a Service:
// some images expose thousands, of which peers use few.
const maxImageRange = 100

// exposeImage adds the ports of EXPOSE to the stated ones, as every port of a
// container can be reached by its peers under Docker. On the node's network
// they would have to be free on the node.
func (c *Ctx) exposeImage() {
	if !c.serves() || c.usesHostNetwork() {
		return
	}
	var added []string
	for _, text := range c.image.Expose {
		first, last, proto, ok := image.ParsePorts(text)
		if !ok {
			continue
		}
		if last-first >= maxImageRange {
			c.gives("not the ports %s (EXPOSE), too many for a Service: name the needed ones under `expose`", text)
			continue
		}
		before := len(c.Container.Ports)
		for n := first; n <= last; n++ {
			port := corev1.ContainerPort{ContainerPort: n, Protocol: protocol(proto)}
			c.addContainerPort(port)
		}
		if len(c.Container.Ports) > before {
			c.imagePorts = append(c.imagePorts, c.Container.Ports[before:]...)
			added = append(added, text)
		}
	}
	if len(added) > 0 {
		c.gives("ports %s (EXPOSE)", strings.Join(added, ", "))
	}
}

// onlyExposed reports whether a port is one of EXPOSE, on which the process
// need not listen.
func (c *Ctx) onlyExposed(p corev1.ContainerPort) bool {
	return slices.ContainsFunc(c.imagePorts, func(o corev1.ContainerPort) bool {
		return o.ContainerPort == p.ContainerPort && o.Protocol == p.Protocol
	})
}

func (c *Ctx) imageHasLowPort() bool {
	return slices.ContainsFunc(c.image.Expose, func(text string) bool {
		first, _, _, ok := image.ParsePorts(text)
		return ok && first < 1024
	})
}

// imageVolumes gives the paths of VOLUME an anonymous volume each, unless
// something is mounted there, as Docker does.
func (c *Ctx) imageVolumes() {
	if c.isHook() {
		return
	}
	var added []string
	for _, target := range c.image.Volumes {
		if !path.IsAbs(target) || path.Clean(target) == "/" || c.mounted(target) {
			continue
		}
		c.mountNamed(types.ServiceVolumeConfig{Type: types.VolumeTypeVolume, Target: path.Clean(target)}, []string{"image"})
		added = append(added, path.Clean(target))
	}
	if len(added) > 0 {
		c.ownVolumes()
		c.gives("volumes %s (VOLUME)", strings.Join(added, ", "))
	}
}

func (c *Ctx) mounted(target string) bool {
	return slices.ContainsFunc(c.Container.VolumeMounts, func(m corev1.VolumeMount) bool { return path.Clean(m.MountPath) == path.Clean(target) })
}

// gives notes what the service takes from its image, for one remark on all.
func (c *Ctx) gives(format string, args ...any) {
	c.fromImage = append(c.fromImage, fmt.Sprintf(format, args...))
}

// applyImage adds what needs the results of all rows, and tells what came of
// the image.
func (c *Ctx) applyImage() {
	if !c.locked {
		return
	}
	c.imageVolumes()
	if len(c.fromImage) > 0 {
		c.Report(diag.CodeImageGives, "image", "from the image, by %s: %s", image.LockFile, strings.Join(c.fromImage, "; "))
	}
}

// signalName spells a signal without SIG, those that have a number everywhere
// by their name.
func signalName(signal string) string {
	signal = strings.TrimPrefix(strings.ToUpper(signal), "SIG")
	n, err := strconv.Atoi(signal)
	if err != nil {
		return signal
	}
	for _, s := range []struct {
		number int
		name   string
	}{{1, "HUP"}, {2, "INT"}, {3, "QUIT"}, {6, "ABRT"}, {9, "KILL"}, {10, "USR1"}, {12, "USR2"}, {15, "TERM"}, {28, "WINCH"}} {
		if s.number == n {
			return s.name
		}
	}
	return signal
}

// isImageSignal reports whether the image's own STOPSIGNAL, which the runtime
// sends, is that signal.
func (c *Ctx) isImageSignal(signal string) bool {
	own := signalName(c.image.StopSignal)
	if own == "" {
		own = "TERM"
	}
	return c.locked && own == signalName(signal)
}
