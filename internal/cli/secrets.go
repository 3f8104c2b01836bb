package cli

import "github.com/gantry-dev/gantry/pkg/manifest"

// secretsVar binds --secrets.
func secretsVar(fs flagSet, value *string) {
	usage := "secret values: inline prints them, omit leaves Secrets out, reference writes them to files that git ignores (default: omit on a terminal, inline in a pipe, reference in a folder)"
	choiceVar(fs, value, "secrets", "", usage, manifest.Inline, manifest.Omit, manifest.Reference)
}

// secretPolicy returns the policy for stdout: values are not shown on a terminal
// unless they are asked for.
func (f *Factory) secretPolicy(asked string) string {
	switch {
	case asked != "":
		return asked
	case f.UI.OutTTY:
		return manifest.Omit
	default:
		return manifest.Inline
	}
}
