package image

import (
	"cmp"
	"slices"
	"strings"
)

// LockFile is the name of the lock, which stands beside the first Compose file.
const LockFile = "gantry.lock"

// lockVersion is the format that this gantry writes and reads.
const lockVersion = 1

// Lock is the content of a lock file.
type Lock struct {
	// Platform is that of services which name none; DefaultPlatform if "".
	Platform string
	// Pin says that manifests name images by their digest.
	Pin bool
	// Entries in the order of their image, then platform.
	Entries []Entry
}

// Entry is an image, as a Compose file refers to it, for a platform.
type Entry struct {
	Image    string
	Platform string
	Config   Config
}

// PlatformOf returns the platform of a service's image: the one that the
// service asks for, else the lock's own.
func (l Lock) PlatformOf(service string) string {
	return cmp.Or(NormalPlatform(service), l.Platform, DefaultPlatform)
}

// Find returns what an image says of itself on a service's platform, "" for a
// service that names none.
func (l Lock) Find(image, platform string) (Config, bool) {
	i, ok := slices.BinarySearchFunc(l.Entries, Entry{Image: image, Platform: l.PlatformOf(platform)}, compareEntries)
	if !ok {
		return Config{}, false
	}
	return l.Entries[i].Config, true
}

// With returns the lock with entries put in, in place of those of the same
// image and platform.
func (l Lock) With(entries ...Entry) Lock {
	l.Entries = slices.Clone(l.Entries)
	for _, e := range entries {
		i, ok := slices.BinarySearchFunc(l.Entries, e, compareEntries)
		if ok {
			l.Entries[i] = e
		} else {
			l.Entries = slices.Insert(l.Entries, i, e)
		}
	}
	return l
}

// Only returns the lock with the entries that keep says yes to.
func (l Lock) Only(keep func(image, platform string) bool) Lock {
	l.Entries = slices.DeleteFunc(slices.Clone(l.Entries), func(e Entry) bool { return !keep(e.Image, e.Platform) })
	return l
}

func compareEntries(a, b Entry) int {
	return cmp.Or(strings.Compare(a.Image, b.Image), strings.Compare(a.Platform, b.Platform))
}

// Pinned returns the reference with a digest: NAME:TAG@sha256:…. A reference
// that has one already stays as it is.
func Pinned(reference, digest string) string {
	if digest == "" || strings.Contains(reference, "@") {
		return reference
	}
	return reference + "@" + digest
}
