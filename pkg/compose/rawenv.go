package compose

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// registerRawFormat teaches compose-go the format "raw" of env_file, which the
// Compose Specification has and compose-go leaves to its users. It is called
// under the recorder's lock, since compose-go keeps formats process-wide.
func registerRawFormat() { dotenv.RegisterFormat("raw", parseRaw) }

// parseRaw reads NAME=VALUE lines without quotes and variables, as docker run
// --env-file does. NAME alone takes its value from the environment.
func parseRaw(r io.Reader, file string, vars map[string]string, lookup func(string) (string, bool)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimPrefix(strings.TrimLeft(lines.Text(), " \t"), "\ufeff")
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if name == "" || strings.ContainsAny(name, " \t") {
			return fmt.Errorf("failed to read %s: line %d: key cannot contain a space", file, n)
		}
		if !found {
			if value, found = lookup(name); !found {
				continue
			}
		}
		vars[name] = value
	}
	return lines.Err()
}
