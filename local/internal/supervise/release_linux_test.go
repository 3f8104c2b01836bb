package supervise

import (
	"slices"
	"testing"
)

// TestClean leaves out what is writable, of another file, or was changed while
// it was writable: relocated addresses would be lost.
func TestClean(t *testing.T) {
	const smaps = `00400000-00500000 r-xp 00000000 fe:00 1 /bin/x
Size:               1024 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00500000-00600000 r--p 00100000 fe:00 1 /bin/x
Anonymous:             0 kB
00600000-00601000 r--p 00200000 fe:00 1 /bin/x
Private_Dirty:         4 kB
Anonymous:             4 kB
00601000-00602000 rw-p 00201000 fe:00 1 /bin/x
Anonymous:             0 kB
7f0000000000-7f0000001000 r-xp 00000000 fe:00 2 /lib/y
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:             0 kB
00700000-00701000 r--p 00300000 fe:00 1 /bin/x
Anonymous:             0 kB
`
	got := clean(smaps, "/bin/x")
	want := []span{{0x400000, 0x500000}, {0x500000, 0x600000}, {0x700000, 0x701000}}
	if !slices.Equal(got, want) {
		t.Errorf("clean gives %x, want %x", got, want)
	}
}

// TestReleaseProgram goes on working afterwards, in a program of any kind of
// linking.
func TestReleaseProgram(t *testing.T) {
	for range 3 {
		if err := ReleaseProgram(); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := Identify(1); err == nil && !id.Alive() {
		t.Error("the first process does not live")
	}
}
