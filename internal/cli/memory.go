package cli

import "runtime/debug"

// hurryPercent lets the heap grow further between collections than Go's 100.
const hurryPercent = 400

// hurry trades memory for time in a command that only reads files and ends: a
// third of the time of a large load is garbage collection. GOGC wins.
func (f *Factory) hurry() {
	if _, set := f.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(hurryPercent)
	}
}
