package cli

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/image"
)

// lockedImage is a row of the table of what images bring.
type lockedImage struct {
	Image       string `json:"image"`
	Platform    string `json:"platform"`
	Digest      string `json:"digest,omitempty"`
	ID          string `json:"id,omitempty"`
	User        string `json:"user,omitempty"`
	Ports       string `json:"ports,omitempty"`
	Healthcheck string `json:"healthcheck,omitempty"`
	Volumes     string `json:"volumes,omitempty"`
	StopSignal  string `json:"stop_signal,omitempty"`
	Change      string `json:"change"`
}

// print shows what was read and what was removed.
func (o *lockOptions) print(before, after image.Lock, read []image.Entry) error {
	if o.quiet {
		return nil
	}
	var rows []lockedImage
	for _, e := range read {
		rows = append(rows, lockedRow(e, changeOf(before, e)))
	}
	for _, e := range before.Entries {
		if !contains(after, e) {
			rows = append(rows, lockedRow(e, "removed"))
		}
	}
	slices.SortStableFunc(rows, func(a, b lockedImage) int {
		return strings.Compare(a.Image+"\x00"+a.Platform, b.Image+"\x00"+b.Platform)
	})
	return writeList(o.f.UI.Out, o.format, ui.Listing[lockedImage]{Columns: lockColumns(), Rows: rows, HideEmpty: true})
}

func contains(l image.Lock, e image.Entry) bool {
	_, ok := l.Find(e.Image, e.Platform)
	return ok
}

func changeOf(before image.Lock, e image.Entry) string {
	config, ok := before.Find(e.Image, e.Platform)
	switch {
	case !ok:
		return "added"
	case reflect.DeepEqual(config, e.Config):
		return "unchanged"
	default:
		return "updated"
	}
}

func lockedRow(e image.Entry, change string) lockedImage {
	c := e.Config
	row := lockedImage{
		Image: e.Image, Platform: e.Platform, Digest: c.Digest, ID: c.ID, Change: change,
		Ports: strings.Join(c.Expose, ","), Volumes: strings.Join(c.Volumes, ","), StopSignal: c.StopSignal,
	}
	if c.User != nil {
		row.User = userCell(*c.User)
	}
	if h := c.Healthcheck; h != nil {
		row.Healthcheck = strings.Join(h.Test, " ")
	}
	return row
}

// userCell is a user's name and numbers: nginx (101:101).
func userCell(u image.User) string {
	if u.UID == nil {
		return u.Name
	}
	numbers := fmt.Sprint(*u.UID)
	if u.GID != nil {
		numbers += fmt.Sprintf(":%d", *u.GID)
	}
	if numbers == u.Name {
		return numbers
	}
	return u.Name + " (" + numbers + ")"
}

func lockColumns() []ui.Column[lockedImage] {
	return []ui.Column[lockedImage]{
		{Header: "IMAGE", Field: "Image", Value: func(r lockedImage) string { return r.Image }},
		{Header: "PLATFORM", Field: "Platform", Value: func(r lockedImage) string { return r.Platform }},
		{Header: "DIGEST", Field: "Digest", Value: func(r lockedImage) string { return shortDigest(r.Digest) }},
		{Header: "USER", Field: "User", Value: func(r lockedImage) string { return dash(r.User) }},
		{Header: "PORTS", Field: "Ports", Value: func(r lockedImage) string { return dash(short(r.Ports)) }},
		{Header: "HEALTHCHECK", Field: "Healthcheck", Value: func(r lockedImage) string { return dash(short(r.Healthcheck)) }},
		{Header: "VOLUMES", Field: "Volumes", Value: func(r lockedImage) string { return dash(short(r.Volumes)) }},
		{Header: "SIGNAL", Field: "StopSignal", Value: func(r lockedImage) string { return dash(r.StopSignal) }},
		{Header: "CHANGE", Field: "Change", Value: func(r lockedImage) string { return r.Change }},
	}
}

// shortDigest is as long as docker shows an image's id.
func shortDigest(digest string) string {
	const shown = 12
	_, hex, _ := strings.Cut(digest, ":")
	if len(hex) < shown {
		return "-"
	}
	return hex[:shown]
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// short keeps a cell to a width that leaves room for the others.
func short(s string) string {
	const most = 32
	if letters := []rune(s); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return s
}
