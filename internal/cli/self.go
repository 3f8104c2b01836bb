package cli

import (
	"os"
	"os/user"

	"github.com/gantry-dev/gantry/pkg/apply"
)

// self is how this process introduces itself to others that wait for it. The
// arguments of the command are left out: they may hold what is not for all.
func (f *Factory) self(verb string) apply.Holder {
	return apply.Holder{Who: f.userName() + "@" + hostName(), Command: "gantry compose " + verb}
}

func (f *Factory) userName() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if value := f.Getenv(name); value != "" {
			return value
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
