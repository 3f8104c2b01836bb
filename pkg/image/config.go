package image

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what an image says of itself, as far as gantry uses it. Its
// environment and labels are left out: they can hold secrets, and nothing in a
// manifest comes of them.
type Config struct {
	// Digest is what the reference names in its registry (sha256:…): of an image
	// for several platforms, the digest of all of them together. It is "" where
	// it is not known, which is so for an archive of `docker save`.
	Digest string
	// ID is the digest of the image's configuration, docker's IMAGE ID.
	ID string
	// User is the image's USER; nil for none, which is root.
	User *User
	// Users are those that Compose files name, each with its numbers in the image.
	Users []User
	// Groups are those that Compose files name.
	Groups []Group
	// Expose lists the ports of EXPOSE as FIRST[-LAST]/PROTOCOL, such as 80/tcp.
	Expose []string
	// Healthcheck is the image's HEALTHCHECK; nil for none.
	Healthcheck *Healthcheck
	// Volumes are the paths of VOLUME.
	Volumes []string
	// StopSignal is a name or a number; "" for SIGTERM.
	StopSignal string
	// Entrypoint and Cmd are the image's ENTRYPOINT and CMD, with the shell in
	// front where they are written as text.
	Entrypoint, Cmd []string
	WorkingDir      string
}

// User is a user as a Dockerfile or Compose file writes it, NAME[:GROUP] or
// UID[:GID], with its numbers in the image.
type User struct {
	Name string
	// UID and GID are nil where they are not known: of a name that the image
	// lacks, and the GID of a bare number, which the container's runtime finds.
	UID, GID *int64
	// Groups are the others that /etc/group lists the user in.
	Groups []int64
}

// Group is a group with its number in the image.
type Group struct {
	Name string
	GID  int64
}

// Healthcheck is an image's HEALTHCHECK. Zero durations and retries are not set.
type Healthcheck struct {
	// Test is NONE, or CMD or CMD-SHELL and what follows.
	Test                                          []string
	Interval, Timeout, StartPeriod, StartInterval time.Duration
	Retries                                       int
}

// FindUser returns the user that a Compose file writes that way.
func (c Config) FindUser(name string) (User, bool) {
	if c.User != nil && c.User.Name == name && c.User.UID != nil {
		return *c.User, true
	}
	i := slices.IndexFunc(c.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return c.Users[i], true
}

// FindGroup returns the number of a group of the image.
func (c Config) FindGroup(name string) (int64, bool) {
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return 0, false
	}
	return c.Groups[i].GID, true
}

// ParsePorts takes an element of Expose apart: FIRST[-LAST]/PROTOCOL.
func ParsePorts(text string) (first, last int32, protocol string, ok bool) {
	digits, protocol, _ := strings.Cut(text, "/")
	low, high, isRange := strings.Cut(digits, "-")
	if !isRange {
		high = low
	}
	first, ok = portNumber(low)
	last, okLast := portNumber(high)
	known := protocol == "tcp" || protocol == "udp" || protocol == "sctp"
	return first, last, protocol, ok && okLast && known && (first < last || !isRange)
}

func portNumber(digits string) (int32, bool) {
	n, err := strconv.ParseUint(digits, 10, 16)
	return int32(n), err == nil && n > 0 && digits[0] != '0' && digits[0] != '+'
}

// ComparePorts orders ports by their number, then protocol.
func ComparePorts(a, b string) int {
	m, _, _, _ := ParsePorts(a)
	n, _, _, _ := ParsePorts(b)
	return cmp.Or(cmp.Compare(m, n), strings.Compare(a, b))
}

// Name is the name under which a service's image is known: the one that
// the file states, or docker compose's for what is built here.
func Name(project, service, stated string) string {
	if stated != "" {
		return stated
	}
	return project + "-" + service
}

// DefaultPlatform is the one of most clusters.
const DefaultPlatform = "linux/amd64"

// NormalPlatform spells OS[/ARCH[/VARIANT]] or ARCH, which Docker takes in many
// forms, in one: OS/ARCH[/VARIANT] with Go's names. "" stays "".
func NormalPlatform(platform string) string {
	if platform == "" {
		return ""
	}
	parts := strings.Split(strings.ToLower(platform), "/")
	if parts[0] != "linux" && parts[0] != "windows" {
		parts = append([]string{"linux"}, parts...)
	}
	if len(parts) == 1 {
		parts = append(parts, "amd64")
	}
	parts[1] = Architecture(parts[1])
	if len(parts) == 3 && parts[1] == "arm64" && parts[2] == "v8" { // the only variant
		parts = parts[:2]
	}
	return strings.Join(parts, "/")
}

// Architecture gives an architecture the name that Go and Kubernetes use.
func Architecture(name string) string {
	switch name {
	case "x86_64", "x86-64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "i386", "i686":
		return "386"
	case "armhf", "armel":
		return "arm"
	default:
		return name
	}
}
