package apply

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func leaseOf(version string, seconds int32) *coordinationv1.Lease {
	future := metav1.NewMicroTime(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{ResourceVersion: version},
		Spec:       coordinationv1.LeaseSpec{LeaseDurationSeconds: &seconds, RenewTime: &future},
	}
}

func TestVigilGoesByWhatItSees(t *testing.T) {
	start := time.Now()
	v := vigil{}
	for _, step := range []struct {
		after   time.Duration
		version string
		seconds int32
		want    bool
	}{
		{0, "1", 10, false},
		{9 * time.Second, "1", 10, false},
		{10 * time.Second, "2", 10, false}, // renewed: the time begins anew
		{19 * time.Second, "2", 10, false},
		{21 * time.Second, "2", 10, true},
		{22 * time.Second, "3", 0, false}, // without a duration it is ours
		{36 * time.Second, "3", 0, false},
		{38 * time.Second, "3", 0, true},
		{39 * time.Second, "4", 1 << 30, false},
		{39*time.Second + maxLeaseTime + time.Second, "4", 1 << 30, true},
	} {
		if got := v.isOver(leaseOf(step.version, step.seconds), start.Add(step.after)); got != step.want {
			t.Errorf("after %s at version %s: over = %v, want %v", step.after, step.version, got, step.want)
		}
	}
}

func TestHasEndedProcess(t *testing.T) {
	self := thisProcess()
	if self == "" {
		t.Skip("processes have no names on this system")
	}
	cmd := exec.Command("/bin/sh", "-c", "read x")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	started, err := startOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	child := strings.Join([]string{placeOfProcesses(), strconv.Itoa(cmd.Process.Pid), started}, "/")
	if hasEndedProcess(child) {
		t.Errorf("%s runs", child)
	}
	_ = in.Close()
	_ = cmd.Wait()
	for name, want := range map[string]bool{
		child: true,
		self:  false,
		placeOfProcesses() + "/" + strconv.Itoa(os.Getpid()) + "/1": true, // the id is another process' now
		"other-boot/pid:[1]/1/1":                                    false,
		"":                                                          false,
		placeOfProcesses() + "/x/y":                                 false,
	} {
		if got := hasEndedProcess(name); got != want {
			t.Errorf("hasEndedProcess(%q) = %v, want %v", name, got, want)
		}
	}
}
