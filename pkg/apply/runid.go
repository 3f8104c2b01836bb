package apply

import (
	"crypto/rand"
	"strings"
)

// newRunID returns a mark that no other run has.
func newRunID() string { return strings.ToLower(rand.Text()) }
