package render

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// maxConfigBytes is what fits into a ConfigMap: 1 MiB (Kubernetes' limit) less
// room for names and metadata.
const maxConfigBytes = 1<<20 - 16<<10

// maxConfigFiles keeps a folder that is more than configuration out of a ConfigMap.
const maxConfigFiles = 200

// mountBind mounts a file or folder of the machine that gantry runs on. The
// cluster's nodes do not have it, so what is small text travels as a ConfigMap
// and everything else needs a decision of the user.
func (c *Ctx) mountBind(v types.ServiceVolumeConfig, place []string) {
	switch {
	case isEngineSocket(v.Source):
		c.refuseBind(diag.CodeBindSocket, place, v, "the Docker socket does not exist in a cluster",
			"use the Kubernetes API through a ServiceAccount instead")
	case isSystemPath(v.Source):
		c.mountHostPath(v, place)
	default:
		c.mountFiles(v, place)
	}
}

func isEngineSocket(source string) bool {
	base := filepath.Base(source)
	return base == "docker.sock" || base == "docker_engine" || base == "containerd.sock" || base == "podman.sock"
}

// isSystemPath reports whether a path belongs to the operating system of the
// machine, so that its content means something else on a node.
func isSystemPath(source string) bool {
	if strings.Contains(source, `\`) {
		return false
	}
	clean := filepath.Clean(source)
	if clean == "/" {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(clean, "/"), "/")
	if slices.Contains([]string{"proc", "sys", "dev", "etc", "run", "boot", "lib", "lib64", "usr", "bin", "sbin"}, first) {
		return true
	}
	return slices.ContainsFunc([]string{"/var/run", "/var/lib/docker", "/var/log", "/var/lib/kubelet"}, func(dir string) bool {
		return clean == dir || strings.HasPrefix(clean, dir+"/")
	})
}

// mountHostPath mounts a path of the node where the user has opted in by code.
func (c *Ctx) mountHostPath(v types.ServiceVolumeConfig, place []string) {
	c.reportAt(diag.CodeBindSystem, place, "%s is a path of the machine: on a cluster it would be the node's", v.Source).
		Hint = fmt.Sprintf("remove it; if it holds data, %s; or mount the node's path with x-gantry: {allow: [%s]}", claimsHint(v.Target), diag.CodeBindSystem)
	if !c.Allowed(diag.CodeBindSystem) {
		return
	}
	host := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: v.Source, Type: c.hostPathType(v)}}
	m := corev1.VolumeMount{MountPath: v.Target, ReadOnly: v.ReadOnly}
	c.bindOptions(v, &m, place)
	c.mount(corev1.Volume{Name: c.volumeName("host", v.Source), VolumeSource: host}, m, place)
}

// hostPathType makes the node's path a condition where the file says
// `create_host_path: false`: it must be what it is on this machine.
func (c *Ctx) hostPathType(v types.ServiceVolumeConfig) *corev1.HostPathType {
	if v.Bind == nil || bool(v.Bind.CreateHostPath) {
		return nil
	}
	if info, err := c.Options.Disk.Stat(v.Source); err == nil && !info.IsDir() {
		return ptr(corev1.HostPathFile)
	}
	return ptr(corev1.HostPathDirectory)
}

// refuseBind reports a bind that is not mounted; where the code is allowed the
// service runs without it.
func (c *Ctx) refuseBind(code diag.Code, place []string, v types.ServiceVolumeConfig, why, hint string) {
	c.reportAt(code, place, "%s: %s", displayPath(c.Project.WorkingDir, v.Source), why).
		Hint = fmt.Sprintf("%s; or run without the mount with x-gantry: {allow: [%s]}", hint, code)
}

// displayPath shortens a path below the project's folder to how users write it.
func displayPath(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	switch {
	case err != nil || strings.HasPrefix(rel, ".."):
		return path
	case rel == ".":
		return rel
	default:
		return "./" + filepath.ToSlash(rel)
	}
}

// windowsPath recognises C:\dir, C:/dir and \\server, named pipes included, which
// are nothing but odd names on any other system.
func windowsPath(path string) bool {
	drive := len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
	return filepath.Separator == '/' && (drive || strings.HasPrefix(path, `\\`))
}

// mountFiles mounts a file or a small tree as a ConfigMap.
func (c *Ctx) mountFiles(v types.ServiceVolumeConfig, place []string) {
	info, err := c.Options.Disk.Stat(v.Source)
	switch {
	case windowsPath(v.Source):
		c.refuseBind(diag.CodeBindMissing, place, v, "this is a path of a Windows machine, whose content cannot go to the cluster from here",
			claimsHint(v.Target)+", or use a path below the Compose file's folder")
	case err != nil:
		c.refuseBind(diag.CodeBindMissing, place, v, "there is no such file or folder here, so its content cannot go to the cluster",
			claimsHint(v.Target)+", or put the files into the image")
	case info.IsDir() && c.isSource(v.Source):
		c.refuseBind(diag.CodeBindSource, place, v, "this looks like the source of the image: mounting it is for development on one machine",
			"remove the mount for the cluster in an override file")
	default:
		c.mountTree(v, info, place)
	}
}

// isSource reports whether a folder is what the service is built from.
func (c *Ctx) isSource(dir string) bool {
	if b := c.Service.Build; b != nil && b.Context != "" {
		if rel, err := filepath.Rel(b.Context, dir); err == nil && !strings.HasPrefix(rel, "..") {
			return true
		}
	}
	for _, name := range []string{".git", "node_modules", "package.json", "go.mod", "Cargo.toml", "pom.xml", "Dockerfile", "requirements.txt", "composer.json", "Gemfile"} {
		if _, err := c.Options.Disk.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// boundFile is a file of a bind mount, with its path below the mount.
type boundFile struct {
	path string
	data []byte
	mode int32
}

func (c *Ctx) mountTree(v types.ServiceVolumeConfig, info fs.FileInfo, place []string) {
	files, err := c.readTree(v.Source, info)
	switch {
	case err != nil:
		c.refuseBind(diag.CodeBindTooLarge, place, v, err.Error(), claimsHint(v.Target)+", or put the files into the image")
		return
	case len(files) == 0:
		c.refuseBind(diag.CodeBindMissing, place, v, "the folder is empty: it seems to be for data", claimsHint(v.Target))
		return
	}
	c.unusedBindOptions(v, place)
	volume := c.configVolume(v.Target, files, place)
	m := corev1.VolumeMount{MountPath: v.Target, ReadOnly: true}
	if !info.IsDir() {
		m.SubPath = files[0].path
	}
	if !v.ReadOnly {
		c.reportAt(diag.CodeBindReadOnly, place, "%s becomes a read-only copy: what the container writes there is refused, and later edits need another `up`", displayPath(c.Project.WorkingDir, v.Source)).
			Hint = "add :ro if that is meant, or use a named volume"
	}
	c.mount(volume, m, place)
}

// readTree reads a file, or a folder with everything below it, as far as it
// fits into a ConfigMap.
func (c *Ctx) readTree(source string, info fs.FileInfo) ([]boundFile, error) {
	reader := &treeReader{disk: c.Options.Disk, root: source}
	if !info.IsDir() {
		reader.root = filepath.Dir(source)
		err := reader.file(source, info)
		return reader.files, err
	}
	err := reader.dir(source)
	return reader.files, err
}

type treeReader struct {
	disk  Disk
	root  string
	files []boundFile
	size  int64
}

func (t *treeReader) dir(dir string) error {
	entries, err := t.disk.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := t.disk.Stat(path)
		switch {
		case err != nil:
			return fmt.Errorf("it cannot be read: %w", err)
		case info.IsDir():
			err = t.dir(path)
		default:
			err = t.file(path, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *treeReader) file(path string, info fs.FileInfo) error {
	t.size += info.Size()
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", filepath.Base(path))
	case t.size > maxConfigBytes:
		return fmt.Errorf("it is larger than the 1 MiB that fits into a ConfigMap")
	case len(t.files) >= maxConfigFiles:
		return fmt.Errorf("it has more than %d files, which is more than configuration", maxConfigFiles)
	}
	data, err := t.disk.ReadFile(path)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	rel, err := filepath.Rel(t.root, path)
	if err != nil {
		return err
	}
	// A script that is executable on disk must be so in the container.
	mode := int32(0o644) | int32(info.Mode().Perm()&0o111)
	t.files = append(t.files, boundFile{path: filepath.ToSlash(rel), data: data, mode: mode})
	return nil
}
