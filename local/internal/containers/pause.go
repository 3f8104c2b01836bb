package containers

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A pod's sandbox holds the pod's namespaces by a process that does nothing:
// "pause". It ignores SIGCHLD, so that the kernel reaps the orphans of pods that
// share their process namespace, and then sleeps for ever. As it is a dozen
// instructions long, it is assembled here: no toolchain and no file is needed
// at run time.

// Numbers of Linux's system call interface.
const (
	sigCHLD     = 17
	sigIGN      = 1
	saNoCldWait = 2
	sigsetSize  = 8
)

// ELF's numbers for the two machines.
const (
	machineAMD64 = 62
	machineARM64 = 183
)

// ELF64 layout: header, one program header, then the code.
const (
	elfHeaderSize     = 64
	programHeaderSize = 56
	codeOffset        = elfHeaderSize + programHeaderSize
	loadAddress       = 0x400000
	loadAlign         = 0x10000
)

// pauseProgram gives the pause program as a static ELF executable for a
// GOARCH. Only amd64 and arm64 are known.
func pauseProgram(arch string) ([]byte, error) {
	switch arch {
	case "amd64":
		return elfProgram(machineAMD64, pauseAMD64()), nil
	case "arm64":
		return elfProgram(machineARM64, pauseARM64()), nil
	}
	return nil, fmt.Errorf("containers can't run on %s: only amd64 and arm64 are supported", arch)
}

// sigaction is the kernel's struct sigaction for "ignore and reap": handler,
// flags, restorer, mask. It is the same on both machines.
func sigaction() []byte {
	var b bytes.Buffer
	for _, v := range []uint64{sigIGN, saNoCldWait, 0, 0} {
		b.Write(binary.LittleEndian.AppendUint64(nil, v))
	}
	return b.Bytes()
}

// pauseAMD64 is rt_sigaction(SIGCHLD, &act, NULL, 8); for (;;) pause();
func pauseAMD64() []byte {
	const sysRtSigaction, sysPause = 13, 34
	head := []byte{
		0xbf, sigCHLD, 0, 0, 0, // mov edi, SIGCHLD
		0x31, 0xd2, // xor edx, edx
		0x41, 0xba, sigsetSize, 0, 0, 0, // mov r10d, 8
		0xb8, sysRtSigaction, 0, 0, 0, // mov eax, rt_sigaction
	}
	tail := []byte{
		0x0f, 0x05, // syscall
		0xb8, sysPause, 0, 0, 0, // loop: mov eax, pause
		0x0f, 0x05, // syscall
		0xeb, 0xf7, // jmp loop
	}
	lea := append([]byte{0x48, 0x8d, 0x35}, // lea rsi, [rip+len(tail)]
		binary.LittleEndian.AppendUint32(nil, uint32(len(tail)))...)
	return bytes.Join([][]byte{head, lea, tail, sigaction()}, nil)
}

// pauseARM64 is rt_sigaction(SIGCHLD, &act, NULL, 8); for (;;) ppoll(NULL, 0, NULL, NULL, 0);
func pauseARM64() []byte {
	const sysRtSigaction, sysPpoll = 134, 73
	const svc = 0xd4000001
	movz := func(reg, value uint32) uint32 { return 0xd2800000 | value<<5 | reg }
	code := []uint32{
		movz(0, sigCHLD),
		0, // adr x1, act: set below
		movz(2, 0),
		movz(3, sigsetSize),
		movz(8, sysRtSigaction),
		svc,
		movz(0, 0), // loop
		movz(1, 0),
		movz(2, 0),
		movz(3, 0),
		movz(4, 0),
		movz(8, sysPpoll),
		svc,
		0x14000000 | (1<<26 - 7), // b loop
	}
	distance := uint32(len(code) - 1) // in instructions, from adr to act
	code[1] = 0x10000001 | distance<<5
	var b bytes.Buffer
	for _, c := range code {
		b.Write(binary.LittleEndian.AppendUint32(nil, c))
	}
	return append(b.Bytes(), sigaction()...)
}

// elfProgram wraps code in an ELF executable with one segment, read and
// execute, that starts at the code's first byte.
func elfProgram(machine uint16, code []byte) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	u16 := func(v uint16) { b.Write(le.AppendUint16(nil, v)) }
	u32 := func(v uint32) { b.Write(le.AppendUint32(nil, v)) }
	u64 := func(v uint64) { b.Write(le.AppendUint64(nil, v)) }
	size := uint64(codeOffset + len(code))

	b.Write([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}) // 64 bit, little endian, System V
	u16(2)                                                                   // ET_EXEC
	u16(machine)
	u32(1)                        // EV_CURRENT
	u64(loadAddress + codeOffset) // entry
	u64(elfHeaderSize)            // program headers
	u64(0)                        // no section headers
	u32(0)                        // flags
	u16(elfHeaderSize)
	u16(programHeaderSize)
	u16(1) // one program header
	u16(0)
	u16(0)
	u16(0)

	u32(1) // PT_LOAD
	u32(5) // read, execute
	u64(0) // offset
	u64(loadAddress)
	u64(loadAddress)
	u64(size)
	u64(size)
	u64(loadAlign)
	b.Write(code)
	return b.Bytes()
}
