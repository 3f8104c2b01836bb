package cli

// The policies for secret values in manifests; the words are pkg/manifest's.
const (
	secretsInline = "inline"
	secretsOmit   = "omit"
)

// secretsVar binds --secrets.
func secretsVar(fs flagSet, value *string) {
	choiceVar(fs, value, "secrets", "", "secret values: inline prints them, omit leaves them out (default on a terminal)", secretsInline, secretsOmit)
}

// secretPolicy returns the policy for stdout: values are not shown on a terminal
// unless they are asked for.
func (f *Factory) secretPolicy(asked string) string {
	switch {
	case asked != "":
		return asked
	case f.UI.OutTTY:
		return secretsOmit
	default:
		return secretsInline
	}
}
