//go:build linux

package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// object is a JSON object.
type object = map[string]any

// observe is the world as the process sees it.
func observe() object {
	host, _ := os.Hostname()
	cwd, _ := os.Getwd()
	return object{
		"argv": os.Args, "env": environment(), "cwd": cwd, "pid": os.Getpid(), "ppid": os.Getppid(), "umask": umask(),
		"hostname": host, "domainname": domainname(), "hosts": hosts(), "resolv": resolv(),
		"user": user(), "caps": capabilities(), "security": security(), "limits": limits(),
		"stdin": stdin(), "mounts": mounts(), "cgroup": cgroup(), "namespaces": namespaces(),
		"sysctls": sysctls(), "interfaces": interfaces(), "ports": ports(), "processes": processes(), "devices": devices(),
	}
}

func environment() map[string]string {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

func user() object {
	groups, _ := os.Getgroups()
	if groups == nil {
		groups = []int{}
	}
	return object{"uid": os.Getuid(), "gid": os.Getgid(), "groups": groups}
}

// umask reads the process's file mode mask (proc(5), status).
func umask() string { return status()["Umask"] }

// status is /proc/self/status.
func status() map[string]string {
	fields := map[string]string{}
	for _, line := range lines("/proc/self/status") {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

func security() object {
	s := status()
	return object{"noNewPrivs": s["NoNewPrivs"] == "1", "seccomp": map[string]string{"0": "none", "1": "strict", "2": "filter"}[s["Seccomp"]]}
}

func domainname() string {
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return ""
	}
	var b []byte
	for _, c := range u.Domainname {
		if c == 0 {
			break
		}
		b = append(b, byte(c))
	}
	return string(b)
}

// hosts is /etc/hosts by name.
func hosts() map[string][]string {
	all := map[string][]string{}
	for _, line := range lines("/etc/hosts") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		for i, name := range words {
			if i > 0 {
				all[name] = append(all[name], words[0])
			}
		}
	}
	return all
}

// resolv is /etc/resolv.conf by keyword.
func resolv() map[string][]string {
	all := map[string][]string{}
	for _, line := range lines("/etc/resolv.conf") {
		if words := strings.Fields(line); len(words) > 1 {
			all[words[0]] = append(all[words[0]], words[1:]...)
		}
	}
	return all
}

// limits are the process's own, soft and hard by name. Go raises the soft limit
// of open files of its programs; a child has the original again, and a shell
// tells it.
func limits() object {
	all := object{}
	for name, resource := range map[string]int{"nofile": syscall.RLIMIT_NOFILE, "core": syscall.RLIMIT_CORE, "stack": syscall.RLIMIT_STACK} {
		var r syscall.Rlimit
		if err := syscall.Getrlimit(resource, &r); err == nil {
			all[name] = object{"soft": r.Cur, "hard": r.Max}
		}
	}
	if out, err := exec.Command("/bin/sh", "-c", "ulimit -Sn").Output(); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(out)), 10, 64); err == nil {
			all["nofile"].(object)["soft"] = n
		}
	}
	return all
}

// stdin tells what the standard input is.
func stdin() string {
	info, err := os.Stdin.Stat()
	if err != nil {
		return "closed"
	}
	target, _ := os.Readlink("/proc/self/fd/0")
	switch {
	case strings.HasPrefix(target, "/dev/pts/") || target == "/dev/console":
		return "terminal"
	case info.Mode()&os.ModeNamedPipe != 0:
		return "pipe"
	}
	return target
}

func namespaces() map[string]string {
	all := map[string]string{}
	for _, name := range []string{"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"} {
		if link, err := os.Readlink("/proc/self/ns/" + name); err == nil {
			all[name] = strings.Trim(strings.TrimPrefix(link, name+":"), "[]")
		}
	}
	return all
}

// sysctls are those that Compose files set, by their name with dots.
func sysctls() map[string]string {
	all := map[string]string{}
	for _, name := range []string{
		"net.core.somaxconn", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "kernel.shmmax", "kernel.msgmax", "kernel.shm_rmid_forced", "fs.mqueue.msg_max",
	} {
		if data, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/")); err == nil {
			all[name] = strings.Join(strings.Fields(string(data)), " ")
		}
	}
	return all
}

// lines of a file; none if it cannot be read.
func lines(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		out = append(out, s.Text())
	}
	return out
}

// number reads a file that holds one; ok is false for none, or the word max.
func number(path string) (n int64, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n, err == nil
}
