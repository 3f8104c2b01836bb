package diag

import "strings"

// Nearest returns the known name that the user most likely meant, for a hint:
// the one with the fewest edits, as long as they are at most a third of the
// name's length (one is always allowed), else one that contains the name or is
// contained in it. Case does not count. It returns "" when none is near; among
// equals the first wins.
func Nearest(name string, known []string) string {
	name = strings.ToLower(name)
	best, edits := "", max(1, len(name)/3)+1
	for _, k := range known {
		if d := editDistance(name, strings.ToLower(k)); d < edits {
			best, edits = k, d
		}
	}
	if best != "" || len(name) < 2 {
		return best
	}
	for _, k := range known {
		low := strings.ToLower(k)
		if low != "" && (strings.Contains(low, name) || strings.Contains(name, low)) {
			return k
		}
	}
	return ""
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
