package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// need is a program that the node runs, with the Debian package it is in.
type need struct {
	program string
	pkg     string
	cni     bool // a CNI plugin, which is not on PATH
}

// needs is what a machine must have to run containers.
func needs() []need {
	return []need{
		{program: "containerd", pkg: "containerd"},
		{program: "containerd-shim-runc-v2", pkg: "containerd"},
		{program: "ctr", pkg: "containerd"},
		{program: "runc", pkg: "runc"},
		{program: "ptp", pkg: "containernetworking-plugins", cni: true},
		{program: "host-local", pkg: "containernetworking-plugins", cni: true},
		{program: "loopback", pkg: "containernetworking-plugins", cni: true},
		{program: "portmap", pkg: "containernetworking-plugins", cni: true},
		{program: "iptables", pkg: "iptables"}, // portmap and policies call it
		{program: "ipset", pkg: "ipset"},       // policies calls it
		{program: "nft", pkg: "nftables"},      // kube-proxy calls it
		{program: "mount", pkg: "mount"},       // kubelet calls it
	}
}

// cniDirs is where distributions put CNI plugins.
func cniDirs() []string { return []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} }

// systemDirs is searched after PATH, which often lacks the administrator's.
func systemDirs() []string { return []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} }

// check tells what keeps this machine from running containers; see
// component.Part.
func check(_ context.Context, _ state.Nodes) error {
	if err := checkSystem(); err != nil {
		return err
	}
	return lacking(needs(), func(n need) bool {
		_, err := findProgram(n.program)
		if n.cni {
			_, err = cniDir()
		}
		return err == nil
	})
}

// lacking gives an error that names the needs that has denies, and the command
// that brings them.
func lacking(all []need, has func(need) bool) error {
	var programs, packages []string
	for _, n := range all {
		if has(n) {
			continue
		}
		programs = append(programs, n.program)
		if !slices.Contains(packages, n.pkg) {
			packages = append(packages, n.pkg)
		}
	}
	if len(programs) == 0 {
		return nil
	}
	return fmt.Errorf("containers need programs that this machine lacks: %s\n  hint: apt-get install --no-install-recommends -y %s\n  hint: or use --nodes simulated, which needs none",
		strings.Join(programs, ", "), strings.Join(packages, " "))
}

// findProgram gives the path of a program.
func findProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range systemDirs() {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("program %s not found", name)
}

// searchPath is PATH for the node's processes.
func searchPath() string {
	dirs := append(filepath.SplitList(os.Getenv("PATH")), systemDirs()...)
	dirs = append(dirs, "/usr/bin", "/bin")
	return strings.Join(dirs, string(filepath.ListSeparator))
}

// cniDir gives the folder that has all the CNI plugins of needs.
func cniDir() (string, error) {
	for _, dir := range cniDirs() {
		complete := true
		for _, n := range needs() {
			if !n.cni {
				continue
			}
			if _, err := exec.LookPath(filepath.Join(dir, n.program)); err != nil {
				complete = false
			}
		}
		if complete {
			return dir, nil
		}
	}
	return "", errors.New("no folder with the CNI plugins ptp, host-local, loopback and portmap")
}
