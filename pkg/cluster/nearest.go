package cluster

import "strings"

// nearest returns the name most like the given one, or "" when none is near:
// at most a third of its letters may differ, or one contains the other.
func nearest(name string, names []string) string {
	best, bestAt := "", len(name)/3+1
	for _, other := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(other)); d <= bestAt && (best == "" || d < bestAt) {
			best, bestAt = other, d
		}
	}
	if best != "" {
		return best
	}
	for _, other := range names {
		if name != "" && (strings.Contains(other, name) || strings.Contains(name, other)) {
			return other
		}
	}
	return ""
}

// distance is the number of letters to insert, drop, replace or swap with
// their neighbour (optimal string alignment).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
