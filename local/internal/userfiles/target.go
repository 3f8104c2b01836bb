package userfiles

import (
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// manager is what targets that this program made say of who made them.
const manager = "gantry-local"

// ConfigPath is gantry's own configuration file:
// $XDG_CONFIG_HOME/gantry/config.yaml, by default ~/.config/gantry/config.yaml.
func ConfigPath() (string, error) {
	base := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find gantry's configuration: %w", err)
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "gantry", "config.yaml"), nil
}

// MergeTarget adds the target of a local cluster to c.Config and makes it the
// default when there is none. A target of that name that the user made stays
// as it is.
func MergeTarget(c *state.Cluster) error {
	d, err := open(c.Config)
	if err != nil {
		return err
	}
	if get(d.root, "version") == nil {
		set(d.root, "version", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "1"})
	}
	if text(d.root, "default") == "" {
		set(d.root, "default", str(c.Target()))
	}
	targets, err := child(d.root, "targets", yaml.MappingNode)
	if err != nil {
		return fmt.Errorf("%s: %w", d.path, err)
	}
	there := get(targets, c.Target())
	if there != nil && text(there, "managedBy") != manager {
		return nil
	}
	set(targets, c.Target(), mapping("context", c.Context(), "managedBy", manager))
	return d.save()
}

// RemoveTarget removes what MergeTarget wrote. A file that is left with nothing
// is removed.
func RemoveTarget(c *state.Cluster) error {
	if c.Config == "" {
		return nil
	}
	d, err := open(c.Config)
	if err != nil {
		return err
	}
	targets := get(d.root, "targets")
	there := get(targets, c.Target())
	if there == nil || text(there, "managedBy") != manager {
		return nil
	}
	unset(targets, c.Target())
	if text(d.root, "default") == c.Target() {
		unset(d.root, "default")
	}
	if len(targets.Content) == 0 {
		unset(d.root, "targets")
	}
	if len(d.root.Content) <= 2 && get(d.root, "version") != nil {
		return d.remove()
	}
	return d.save()
}
