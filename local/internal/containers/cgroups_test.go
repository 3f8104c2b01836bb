package containers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMountedHierarchies(t *testing.T) {
	const mountinfo = `22 1 0:20 / /proc rw,relatime - proc proc rw
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/unified rw shared:10 master:1 - cgroup2 cgroup2 rw
33 30 0:29 / /odd\040place rw - cgroup cgroup rw,pids
34 30 8:1 / /data rw - ext4 /dev/sda1 rw
a broken line
`
	got, err := mountedHierarchies(strings.NewReader(mountinfo))
	if err != nil {
		t.Fatal(err)
	}
	want := []hierarchy{{"/sys/fs/cgroup/cpu,cpuacct", false}, {"/sys/fs/cgroup/unified", true}, {"/odd place", false}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(hierarchy{})); diff != "" {
		t.Errorf("hierarchies (-want +got):\n%s", diff)
	}
}

func TestMakeInheritsCPUSets(t *testing.T) {
	root := t.TempDir()
	for name, data := range map[string]string{"cpuset.cpus": "0-3\n", "cpuset.mems": "0\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	child := filepath.Join(root, "g")
	// The kernel makes the files with the folder; here they are made before.
	if err := os.Mkdir(child, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(child, "cpuset.cpus"), []byte("\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(child, "cpuset.mems"), []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (hierarchy{mount: root}).make("/g"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"cpuset.cpus": "0-3\n", "cpuset.mems": "1\n"} {
		got, err := os.ReadFile(filepath.Join(child, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestRemoveCgroup(t *testing.T) {
	root := t.TempDir()
	group := filepath.Join(root, "gantry-x")
	if err := os.MkdirAll(filepath.Join(group, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(group, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to remove
		if err := removeCgroup(group); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(group); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(root); err != nil {
		t.Error(err)
	}
}

func TestRemoveCgroupTellsWhatIsInUse(t *testing.T) {
	group := t.TempDir()
	if err := os.WriteFile(filepath.Join(group, "busy"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := removeCgroup(group); err == nil {
		t.Error("no error")
	}
	if time.Since(begin) > time.Second {
		t.Error("it waited")
	}
}
