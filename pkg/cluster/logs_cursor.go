package cluster

import (
	"hash/maphash"
	"time"
)

// cursor remembers how far a container's log has been read, so that a reader
// that comes back neither leaves a line out nor gives one twice.
//
// The API resumes by whole seconds (PodLogOptions.sinceTime), and lines can
// share a time or be out of order by a little. So the cursor keeps the lines
// of its last two seconds, asks again from the start of these, and drops from
// what comes as many equal lines as it has given.
type cursor struct {
	seed   maphash.Seed
	last   int64                    // the newest second with a line
	given  map[int64]map[uint64]int // lines by second, then by content
	replay map[int64]map[uint64]int // what a resumed stream will repeat

	// tailed says that what came before the first line was left out on purpose
	// (tailLines). As long as that line is in the window, a resumed stream
	// begins with what was left out: skipping is set until it repeats a line.
	tailed   bool
	first    int64
	skipping bool
}

// untimed is the second of lines without a time. They are all kept, since a
// stream of them can only be resumed from its start.
const untimed = int64(0)

func newCursor() *cursor {
	return &cursor{seed: maphash.MakeSeed(), given: map[int64]map[uint64]int{}}
}

// since returns the time to resume from; zero means from the start.
func (c *cursor) since() time.Time {
	if c.last == untimed {
		return time.Time{}
	}
	return time.Unix(c.last-1, 0)
}

// used reports whether a line has been taken.
func (c *cursor) used() bool { return len(c.given) > 0 }

// resume prepares for a stream that begins at since.
func (c *cursor) resume() {
	c.replay = map[int64]map[uint64]int{}
	c.skipping = c.tailed && c.used() && c.given[c.first] != nil
	for second, lines := range c.given {
		c.replay[second] = map[uint64]int{}
		for key, n := range lines {
			c.replay[second][key] = n
		}
	}
}

// take notes a line and reports whether it is new.
func (c *cursor) take(at time.Time, text string) bool {
	second := untimed
	if !at.IsZero() {
		second = at.Unix()
	}
	key := maphash.String(c.seed, at.Format(time.RFC3339Nano)+text)
	if c.replay[second][key] > 0 {
		c.replay[second][key]--
		c.skipping = false
		return false
	}
	if c.skipping = c.skipping && second <= c.last; c.skipping {
		return false
	}
	if !c.used() {
		c.first = second
	}
	if c.given[second] == nil {
		c.given[second] = map[uint64]int{}
		c.advance(second)
	}
	c.given[second][key]++
	return true
}

// advance forgets what lies before the window.
func (c *cursor) advance(second int64) {
	c.last = max(c.last, second)
	for s := range c.given {
		if s != untimed && s < c.last-1 {
			delete(c.given, s)
			delete(c.replay, s)
		}
	}
}
