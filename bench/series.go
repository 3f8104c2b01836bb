package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Series are the runs of one command.
type Series []Sample

// Wall is the median time from start to end.
func (s Series) Wall() time.Duration {
	return median(s, func(x Sample) time.Duration { return x.Wall })
}

// CPU is the median processor time.
func (s Series) CPU() time.Duration {
	return median(s, func(x Sample) time.Duration { return x.CPU })
}

// Peak is the median of the most memory that was resident, in bytes.
func (s Series) Peak() int64 { return median(s, func(x Sample) int64 { return x.Peak }) }

func median[T cmp.Ordered](s Series, of func(Sample) T) T {
	var zero T
	if len(s) == 0 {
		return zero
	}
	values := make([]T, 0, len(s))
	for _, x := range s {
		values = append(values, of(x))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// Ratio is the median of the quotients of runs of the same round, which a
// change of the machine's load between rounds does not touch; NaN without both.
func Ratio(ours, theirs Series) float64 {
	n := min(len(ours), len(theirs))
	if n == 0 {
		return math.NaN()
	}
	ratios := make([]float64, 0, n)
	for i := range n {
		ratios = append(ratios, ours[i].Wall.Seconds()/theirs[i].Wall.Seconds())
	}
	slices.Sort(ratios)
	return ratios[n/2]
}

// Growth is the exponent k of time ~ size^k between two sizes.
func Growth(small, large time.Duration, from, to int) float64 {
	return math.Log(large.Seconds()/small.Seconds()) / math.Log(float64(to)/float64(from))
}

// Seconds writes a time for a table; "–" for none.
func Seconds(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Second:
		return fmt.Sprintf("%.3f s", d.Seconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// Megabytes writes a size for a table; "–" for none.
func Megabytes(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return fmt.Sprintf("%d MB", bytes/1_000_000)
}

// Number writes a ratio or an exponent for a table; "–" for none.
func Number(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return fmt.Sprintf("%.2f", x)
}

// Table is a Markdown table; its first row is the head.
type Table [][]string

// Add appends a row.
func (t *Table) Add(cells ...string) { *t = append(*t, cells) }

// String writes the table with its columns aligned.
func (t Table) String() string {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 3)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for i, row := range t {
		for j, width := range widths {
			cell := ""
			if j < len(row) {
				cell = row[j]
			}
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", width-len([]rune(cell))))
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for _, width := range widths {
			b.WriteString("|" + strings.Repeat("-", width+2))
		}
		b.WriteString("|\n")
	}
	return b.String()
}
