package inspect

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/pkg/image"
)

const (
	passwdPath = "/etc/passwd"
	groupPath  = "/etc/group"
)

// resolveNames gives the image's USER, and the users and groups that are asked
// for, their numbers. Layers are only read where there is a name.
func resolveNames(ctx context.Context, c *image.Config, layers []layer, users, groups []string) ([]Unknown, error) {
	users, groups = lookups(users), lookups(groups)
	own := c.User != nil && !isNumeric(c.User.Name)
	var t tables
	if own || len(users) > 0 || len(groups) > 0 {
		files, err := findFiles(ctx, layers, passwdPath, groupPath)
		if err != nil {
			return nil, err
		}
		t = parseTables(files[passwdPath], files[groupPath])
	}
	var unknown []Unknown
	if c.User != nil {
		user, missing := t.user(c.User.Name)
		if missing != nil {
			missing.Own = true
			unknown = append(unknown, *missing)
		} else {
			c.User = &user
		}
	}
	for _, name := range users {
		user, missing := t.user(name)
		if missing != nil {
			unknown = append(unknown, *missing)
			continue
		}
		c.Users = append(c.Users, user)
	}
	for _, name := range groups {
		gid, ok := t.group(name)
		if !ok {
			unknown = append(unknown, Unknown{Name: name, Group: true, Reason: "no group " + strconv.Quote(name) + " in " + groupPath})
			continue
		}
		c.Groups = append(c.Groups, image.Group{Name: name, GID: gid})
	}
	return unknown, nil
}

// lookups are the names that need the image: sorted, without numbers.
func lookups(names []string) []string {
	out := slices.DeleteFunc(slices.Sorted(slices.Values(names)), isNumeric)
	return slices.Compact(out)
}

// isNumeric reports whether a user, UID[:GID], needs no look into the image.
// root is 0 in every image that runs.
func isNumeric(user string) bool {
	name, group, _ := strings.Cut(user, ":")
	_, ok := number(name)
	_, okGroup := number(group)
	return (ok || name == "" || name == "root") && (okGroup || group == "" || group == "root")
}

// number reads a UID or GID; Kubernetes takes 31 bits.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}

// tables are /etc/passwd and /etc/group.
type tables struct {
	users  []passwdLine
	groups []groupLine
}

type passwdLine struct {
	name     string
	uid, gid int64
}

type groupLine struct {
	name    string
	gid     int64
	members []string
}

func parseTables(passwd, group []byte) tables {
	var t tables
	for fields := range lines(passwd, 4) {
		uid, ok := number(fields[2])
		gid, okGroup := number(fields[3])
		if ok && okGroup {
			t.users = append(t.users, passwdLine{fields[0], uid, gid})
		}
	}
	for fields := range lines(group, 3) {
		gid, ok := number(fields[2])
		if !ok {
			continue
		}
		line := groupLine{name: fields[0], gid: gid}
		if len(fields) > 3 && fields[3] != "" {
			line.members = strings.Split(fields[3], ",")
		}
		t.groups = append(t.groups, line)
	}
	return t
}

// lines yields the fields of each line that has at least that many.
func lines(data []byte, least int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		scanner := bufio.NewScanner(bytes.NewReader(data))
		scanner.Buffer(nil, maxFile+1)
		for scanner.Scan() {
			fields := strings.Split(strings.TrimSpace(scanner.Text()), ":")
			if strings.HasPrefix(fields[0], "#") || len(fields) < least {
				continue
			}
			for i := range fields {
				fields[i] = strings.TrimSpace(fields[i])
			}
			if !yield(fields) {
				return
			}
		}
	}
}

// user finds a user by Docker's rules: a name must be in /etc/passwd, a number
// need not be. Without a group the user has the one of its line, and those of
// /etc/group that list it; with a group it has that alone.
func (t tables) user(spec string) (image.User, *Unknown) {
	out := image.User{Name: spec}
	name, group, _ := strings.Cut(spec, ":")
	line := t.line(name)
	switch uid, numeric := number(name); {
	case line != nil:
		out.UID, out.GID = &line.uid, &line.gid
	case numeric:
		out.UID = &uid
	case name == "" || name == "root":
		out.UID = new(int64)
	default:
		return out, &Unknown{Name: spec, Reason: fmt.Sprintf("no user %q in %s", name, passwdPath)}
	}
	if group == "" {
		if line != nil {
			out.Groups = t.memberships(line.name, *out.GID)
		}
		return out, nil
	}
	gid, ok := t.group(group)
	if !ok {
		return out, &Unknown{Name: spec, Reason: fmt.Sprintf("no group %q in %s", group, groupPath)}
	}
	out.GID = &gid
	return out, nil
}

func (t tables) line(name string) *passwdLine {
	uid, numeric := number(name)
	i := slices.IndexFunc(t.users, func(u passwdLine) bool { return u.name == name || numeric && u.uid == uid })
	if i < 0 {
		return nil
	}
	line := t.users[i]
	return &line
}

// group returns the number of a group; a number is itself.
func (t tables) group(name string) (int64, bool) {
	if i := slices.IndexFunc(t.groups, func(g groupLine) bool { return g.name == name }); i >= 0 {
		return t.groups[i].gid, true
	}
	if name == "root" {
		return 0, true
	}
	return number(name)
}

// memberships are the other groups of a user, sorted.
func (t tables) memberships(user string, gid int64) []int64 {
	var out []int64
	for _, g := range t.groups {
		if g.gid != gid && slices.Contains(g.members, user) {
			out = append(out, g.gid)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
