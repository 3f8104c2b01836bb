// Package heap paces the garbage collection of a command. To import it is all:
// Go initialises packages in the order of their paths as soon as what they
// import is ready, so that this one, which needs the standard library only, comes
// before the large ones, whose initialisers would run into two collections.
//
// It may import the standard library only.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap of a command may grow to heapRoom bytes between collections, however
// little of it is in use: a command ends soon, and a third of the time of a large
// load would be garbage collection. Where more is in use, it may grow by a part
// of that, so that memory stays in proportion.
const (
	heapRoom     = 80 << 20
	leastPercent = 25
	mostPercent  = 1000
)

// init trades memory for time, within bounds. GOGC wins.
func init() {
	if _, set := os.LookupEnv("GOGC"); set {
		return
	}
	debug.SetGCPercent(mostPercent)
	afterCollection(&sentinel{paced: func() { debug.SetGCPercent(growth(inUse())) }})
}

// sentinel is an object that nothing refers to, so that every collection finds it.
type sentinel struct{ paced func() }

// afterCollection calls paced after every collection from now on.
func afterCollection(s *sentinel) {
	runtime.SetFinalizer(s, func(s *sentinel) {
		s.paced()
		afterCollection(s)
	})
}

// inUse is what the last collection has left, in bytes.
func inUse() int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(live[0].Value.Uint64())
}

// growth is by how many percent a heap with so many bytes in use may grow.
func growth(used int64) int {
	if used <= 0 {
		return leastPercent
	}
	return int(min(max((heapRoom-used)*100/used, leastPercent), mostPercent))
}
