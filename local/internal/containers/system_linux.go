package containers

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// errCapabilities is the reason for a superuser who isn't one in full, as in
// most containers.
var errCapabilities = errors.New("containers need a superuser with all rights over mounts and networks: this one lacks CAP_SYS_ADMIN or CAP_NET_ADMIN, as in an unprivileged container\n  hint: use --nodes simulated, which needs none")

// checkSystem tells whether the system and user are right.
func checkSystem() error {
	if os.Geteuid() != 0 {
		return errors.New("containers need root: run it with sudo, or use --nodes simulated")
	}
	caps, err := effectiveCapabilities()
	if err != nil {
		return err
	}
	if caps&(1<<unix.CAP_SYS_ADMIN) == 0 || caps&(1<<unix.CAP_NET_ADMIN) == 0 {
		return errCapabilities
	}
	return nil
}

// mayRaisePriority tells whether processes may be protected from the kernel's
// out-of-memory killer.
func mayRaisePriority() bool {
	caps, err := effectiveCapabilities()
	return err == nil && caps&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// effectiveCapabilities gives the rights of this process as a bit set.
func effectiveCapabilities() (uint64, error) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read the process's rights: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if value, found := strings.CutPrefix(line, "CapEff:"); found {
			var caps uint64
			_, err := fmt.Sscanf(strings.TrimSpace(value), "%x", &caps)
			return caps, err
		}
	}
	return 0, errors.New("read the process's rights: no CapEff in /proc/self/status")
}
