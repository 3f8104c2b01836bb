package containers

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPauseProgramIsAnELFExecutable(t *testing.T) {
	for _, tt := range []struct {
		arch    string
		machine elf.Machine
	}{{"amd64", elf.EM_X86_64}, {"arm64", elf.EM_AARCH64}} {
		t.Run(tt.arch, func(t *testing.T) {
			data, err := pauseProgram(tt.arch)
			if err != nil {
				t.Fatal(err)
			}
			f, err := elf.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if f.Machine != tt.machine || f.Type != elf.ET_EXEC || len(f.Progs) != 1 {
				t.Errorf("machine %v, type %v, %d segments", f.Machine, f.Type, len(f.Progs))
			}
			p := f.Progs[0]
			if f.Entry != p.Vaddr+codeOffset || p.Filesz != uint64(len(data)) || p.Flags != elf.PF_R|elf.PF_X {
				t.Errorf("entry %#x, segment %+v, file of %d bytes", f.Entry, p.ProgHeader, len(data))
			}
		})
	}
}

func TestPauseARM64PointsAtItsSigaction(t *testing.T) {
	code := pauseARM64()
	adr := binary.LittleEndian.Uint32(code[4:])
	target := 4 + int(adr>>5&0x7ffff)*4
	if !bytes.Equal(code[target:], sigaction()) {
		t.Errorf("adr at 4 points at %d of %d bytes", target, len(code))
	}
}

func TestPauseProgramUnknownMachine(t *testing.T) {
	if _, err := pauseProgram("mips"); err == nil {
		t.Error("no error for mips")
	}
}

// The program must sleep, with SIGCHLD ignored, until it is killed.
func TestPauseProgramRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("runs on Linux only")
	}
	data, err := pauseProgram(runtime.GOARCH)
	if err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "pause")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		t.Fatalf("ended by itself: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "SigIgn:\t")
	mask, _, _ := strings.Cut(after, "\n")
	// SIGCHLD is 17, bit 16; other signals may be ignored too, that is inherited.
	if ignored, err := strconv.ParseUint(mask, 16, 64); err != nil || ignored&(1<<16) == 0 {
		t.Errorf("SIGCHLD is not ignored: %v, status\n%s", err, status)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-done
}
