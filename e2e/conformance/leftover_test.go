package conformance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNothingIsLeftOfAKilledSuite kills the suite in the middle of a scenario,
// with containers running, and wants `gantry local down` to remove every
// process, mount, interface, nftables table, firewall rule and cgroup.
func TestNothingIsLeftOfAKilledSuite(t *testing.T) {
	r := cluster(t)
	home, name := t.TempDir(), fmt.Sprintf("killed-%d", os.Getpid())
	env := append(os.Environ(), "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "KUBECONFIG="+filepath.Join(home, "kubeconfig"),
		"GANTRY_E2E_KUBECONFIG="+filepath.Join(home, "kubeconfig"), "GANTRY_LOCAL_NAME="+name, "GANTRY_CONFORMANCE_REPORT=", "GANTRY_CONFORMANCE_OVERLAY=")
	local := func(args ...string) (string, error) {
		cmd := exec.Command(filepath.Join(r.Bin, "gantry-local"), args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	defer func() { _, _ = local("down", "--name", name) }() // the test itself has done it, unless it failed
	if out, err := local("up", "--name", name, "--nodes", "containers", "--wait"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	killSuite(t, env, func() bool {
		out, err := local("kubectl", "get", "pods", "-A", "--field-selector=status.phase=Running", "-o", "name")
		return err == nil && strings.Count(out, "pod/") >= 3
	})
	if left := traces(home, name); len(left) < 5 {
		t.Errorf("of a running cluster only this is seen, so that nothing could be missed: %v", left)
	}
	if out, err := local("down", "--name", name); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left := traces(home, name); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// killSuite runs a scenario in a process of its own and kills that, with all
// that it started, once the time has come.
func killSuite(t *testing.T, env []string, due func() bool) {
	t.Helper()
	suite := exec.Command(os.Args[0], "-test.run=^TestConformance$/^scenarios$/^shared$")
	suite.Env, suite.SysProcAttr = env, &syscall.SysProcAttr{Setpgid: true}
	if err := suite.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- suite.Wait() }()
	for deadline := time.Now().Add(3 * time.Minute); !due(); time.Sleep(300 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("the suite ended by itself: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Error("no containers run")
			break
		}
	}
	if err := syscall.Kill(-suite.Process.Pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	<-ended
}

// traces are what there is of a cluster on the machine, by its folder and name.
func traces(home, name string) []string {
	var found []string
	id := "gantry-" + name + "-"
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		for _, of := range []string{file, strings.TrimSuffix(file, "cmdline") + "environ"} {
			if data, err := os.ReadFile(of); err == nil && filepath.Dir(of) != fmt.Sprintf("/proc/%d", os.Getpid()) && strings.Contains(string(data), filepath.Join(home, "gantry", "local", name)) {
				found = append(found, "process "+of)
				break
			}
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, home) {
			found = append(found, "mount "+line)
		}
	}
	for _, command := range []string{"ip -d link", "nft list ruleset", "iptables-save", "ip route"} {
		words := strings.Fields(command)
		out, _ := exec.Command(words[0], words[1:]...).Output()
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, id) {
				found = append(found, command+": "+strings.TrimSpace(line))
			}
		}
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), id) {
			found = append(found, "cgroup "+path)
			return fs.SkipDir
		}
		return nil
	})
	if _, err := os.Stat(filepath.Join(home, "gantry", "local", name)); err == nil {
		found = append(found, "folder of the cluster")
	}
	return found
}
