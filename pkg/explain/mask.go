package explain

import (
	"regexp"
	"strings"
)

// hidden stands for a value that must not be shown.
const hidden = "***"

// secretName matches the names of variables that hold what nobody should see
// over a shoulder; secretURL the password in an address.
var (
	secretName = regexp.MustCompile(`(?i)(passw|pwd$|secret|token|credential|api_?key|private_?key|access_?key)`)
	secretURL  = regexp.MustCompile(`(://[^:/@\s]*:)[^@/\s]+(@)`)
)

// masked hides the data of Secrets, the values of variables that look secret,
// and passwords in addresses.
func (e Effect) masked(sensitive bool) Effect {
	fields, _ := Mask(e.Fields).(map[string]any)
	for _, key := range []string{"data", "stringData"} {
		data, ok := fields[key].(map[string]any)
		if !ok || !sensitive && e.Kind != "Secret" {
			continue
		}
		for k := range data {
			data[k] = hidden
		}
	}
	e.Fields = fields
	return e
}

// Mask returns a copy of a value, in which the values of variables that look
// secret and passwords in addresses are hidden.
func Mask(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = Mask(value)
			if text, ok := value.(string); ok && text != "" && secretVariable(v, key) {
				out[key] = hidden
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = Mask(item)
		}
		return out
	case string:
		return secretURL.ReplaceAllString(v, "${1}"+hidden+"${2}")
	default:
		return v
	}
}

// secretVariable reports whether a key holds the value of a variable that looks
// secret: of a pod's env, or of a mapping of names in capitals.
func secretVariable(m map[string]any, key string) bool {
	if name, ok := m["name"].(string); ok && key == "value" {
		return secretName.MatchString(name)
	}
	return key == strings.ToUpper(key) && secretName.MatchString(key)
}
