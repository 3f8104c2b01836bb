package heap

import (
	"runtime"
	"testing"
	"time"
)

// TestHeapStaysInProportion paces a heap that grows, and one that is large.
func TestHeapStaysInProportion(t *testing.T) {
	for _, c := range []struct {
		used int64
		want int
	}{
		{0, leastPercent},
		{1 << 20, mostPercent},
		{heapRoom / 2, 100},
		{heapRoom, leastPercent},
		{10 * heapRoom, leastPercent},
	} {
		if got := growth(c.used); got != c.want {
			t.Errorf("%d MB in use: %d %%, want %d %%", c.used>>20, got, c.want)
		}
	}
}

// TestEveryCollectionIsNoticed collects until each of three has been noticed:
// one may come before the sentinel is out of sight.
func TestEveryCollectionIsNoticed(*testing.T) {
	noticed := make(chan bool, 100)
	afterCollection(&sentinel{paced: func() { noticed <- true }})
	for range 3 {
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-noticed:
				waiting = false
			case <-time.After(time.Millisecond):
			}
		}
	}
}
