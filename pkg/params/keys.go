package params

import "strings"

// Keys returns every key of the file in the order of the schema, for the
// reference of ecs-params.yml.
func Keys() []Key {
	return keys(fileFields(), "")
}

// elsewhere names the only place in the file where a key has a meaning, for
// the hint about a misplaced one; false when it has none or several.
func elsewhere(key string) (string, bool) {
	found := ""
	for _, k := range Keys() {
		parent, last := "", k.Path
		if i := strings.LastIndexByte(k.Path, '.'); i >= 0 {
			parent, last = k.Path[:i], k.Path[i+1:]
		}
		if last != key {
			continue
		}
		if found != "" || parent == "" {
			return "", false
		}
		found = parent
	}
	return strings.NewReplacer(".*", ".NAME", "[]", "").Replace(found), found != ""
}
