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

// distance is the number of letters to insert, drop or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
