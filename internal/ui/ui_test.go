package ui

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func printer() (*Printer, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	return NewPrinter(Streams{In: strings.NewReader(""), Out: &out, Err: &err, Color: true}), &out, &err
}

type row struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
	Note  string `json:"note"`
}

func listing() Listing[row] {
	return Listing[row]{
		Columns: []Column[row]{
			{"NAME", "Name", func(r row) string { return r.Name }},
			{"COUNT", "Count", func(r row) string { return strings.Repeat("i", r.Count) }},
			{"NOTE", "Note", func(r row) string { return r.Note }},
		},
		Rows: []row{{"a", 1, ""}, {"longer", 2, "<x>"}},
	}
}

func TestListingFormats(t *testing.T) {
	tests := []struct {
		format string
		lines  bool
		want   string
	}{
		{"", false, "NAME     COUNT   NOTE\na        i\nlonger   ii      <x>\n"},
		{"table", false, "NAME     COUNT   NOTE\na        i\nlonger   ii      <x>\n"},
		{"json", false, `[{"name":"a","count":1,"note":""},{"name":"longer","count":2,"note":"<x>"}]` + "\n"},
		{"json", true, `{"name":"a","count":1,"note":""}` + "\n" + `{"name":"longer","count":2,"note":"<x>"}` + "\n"},
		{"yaml", false, "- count: 1\n  name: a\n  note: \"\"\n- count: 2\n  name: longer\n  note: <x>\n"},
		{"{{.Name}}={{.Count}}", false, "a=1\nlonger=2\n"},
		{`table {{.Name}}\t{{.Count}}`, false, "NAME     COUNT\na        1\nlonger   2\n"},
		{"{{json .}}", false, `{"name":"a","count":1,"note":""}` + "\n" + `{"name":"longer","count":2,"note":"\u003cx\u003e"}` + "\n"},
	}
	for _, test := range tests {
		t.Run(test.format, func(t *testing.T) {
			l := listing()
			l.Lines = test.lines
			var out bytes.Buffer
			if err := l.Write(&out, test.format); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableTemplateHeadsFieldsWithoutAColumn(t *testing.T) {
	type full struct{ Name, CreatedAt, ID string }
	l := Listing[full]{Rows: []full{{"a", "today", "1"}}}
	var out bytes.Buffer
	if err := l.Write(&out, `table {{.Name}}\t{{.CreatedAt}}\t{{.ID}}`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("NAME   CREATED AT   ID\na      today        1\n", out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListingWithoutRows(t *testing.T) {
	l := listing()
	l.Rows = nil
	for format, want := range map[string]string{"table": "NAME   COUNT   NOTE\n", "json": "[]\n", "yaml": "[]\n", "{{.Name}}": ""} {
		var out bytes.Buffer
		if err := l.Write(&out, format); err != nil || out.String() != want {
			t.Errorf("%s: got %q, %v; want %q", format, out.String(), err, want)
		}
	}
	l.HideEmpty = true
	var out bytes.Buffer
	if err := l.Write(&out, ""); err != nil || out.Len() != 0 {
		t.Errorf("HideEmpty: got %q, %v", out.String(), err)
	}
}

func TestListingRefusesABadTemplate(t *testing.T) {
	for _, format := range []string{"{{.Name", "{{.Nope}}", `table {{.Nope}}`} {
		var fe *FormatError
		if err := listing().Write(&bytes.Buffer{}, format); !errors.As(err, &fe) {
			t.Errorf("%s: got %v, want a FormatError", format, err)
		}
	}
}

func list() diag.List {
	return diag.List{
		{Code: "GTY902", Severity: diag.Warning, Pos: diag.Pos{File: "b.yml", Line: 2, Col: 1}, Message: "second", Hint: "do it"},
		{Code: "GTY901", Severity: diag.Error, Pos: diag.Pos{File: "a.yml", Line: 9, Col: 3}, Message: "first"},
		{Code: "GTY903", Severity: diag.Info, Message: "third"},
	}
}

func TestDiagnosticsText(t *testing.T) {
	p, out, err := printer()
	p.Diagnostics(list(), true)
	want := "info[GTY903]: third\na.yml:9:3: error[GTY901]: first\nb.yml:2:1: warning[GTY902]: second\n  hint: do it\n"
	if diff := cmp.Diff(want, err.String()); diff != "" || out.Len() != 0 {
		t.Errorf("stdout %q; stderr (-want +got):\n%s", out.String(), diff)
	}
}

func TestDiagnosticsColourOnlyOnATerminal(t *testing.T) {
	p, _, err := printer()
	p.ErrTTY = true
	p.Diagnostics(list()[1:2], false)
	if want := "a.yml:9:3: \x1b[31merror[GTY901]\x1b[0m: first\n"; err.String() != want {
		t.Errorf("got %q, want %q", err.String(), want)
	}
	err.Reset()
	p.Color = false
	p.Diagnostics(list()[1:2], false)
	if strings.Contains(err.String(), "\x1b") {
		t.Errorf("colour without consent: %q", err.String())
	}
}

func TestDiagnosticsJSON(t *testing.T) {
	p, _, err := printer()
	p.JSON = true
	p.Diagnostics(list(), false)
	want := `{"code":"GTY901","severity":"error","pos":{"file":"a.yml","line":9,"column":3},"message":"first"}
{"code":"GTY902","severity":"warning","pos":{"file":"b.yml","line":2,"column":1},"message":"second","hint":"do it"}
`
	if diff := cmp.Diff(want, err.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNotesAreSaidOnce(t *testing.T) {
	p, _, err := printer()
	p.Notef("--region: %s", "no effect")
	p.Notef("--region: %s", "no effect")
	p.Warnf("careful")
	p.Error(errors.New("broken"), "mend it")
	if want := "--region: no effect\nwarning: careful\nerror: broken\n  hint: mend it\n"; err.String() != want {
		t.Errorf("got %q, want %q", err.String(), want)
	}
}

func TestQuietKeepsWarnings(t *testing.T) {
	p, _, err := printer()
	p.Quiet = true
	p.Notef("remark")
	p.Warnf("careful")
	if want := "warning: careful\n"; err.String() != want {
		t.Errorf("got %q, want %q", err.String(), want)
	}
}

func TestWithAnsi(t *testing.T) {
	s := Streams{Color: true, ErrTTY: true, OutTTY: true}
	if got, ok := s.WithAnsi("never"); !ok || got.Color || got.ErrTTY {
		t.Errorf("never: %+v, %v", got, ok)
	}
	if got, ok := (Streams{}).WithAnsi("always"); !ok || !bool(got.OutStyle()) {
		t.Errorf("always: %+v, %v", got, ok)
	}
	if _, ok := s.WithAnsi("maybe"); ok {
		t.Error("maybe is not a mode")
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "\n": false, "": false, "no\n": false, "y": true} {
		p, _, errs := printer()
		p.In, p.InTTY = strings.NewReader(answer), true
		got, err := p.Confirm(context.Background(), "Sure?")
		if err != nil || got != want || errs.String() != "Sure? [y/N] " {
			t.Errorf("%q: got %v, %v, asked %q", answer, got, err, errs.String())
		}
	}
	p, _, _ := printer()
	if _, err := p.Confirm(context.Background(), "Sure?"); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("without a terminal: %v", err)
	}
}

func TestConfirmEndsOnInterrupt(t *testing.T) {
	p, _, _ := printer()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.In, p.InTTY = blocked{}, true
	if _, err := p.Confirm(ctx, "Sure?"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type blocked struct{}

func (blocked) Read([]byte) (int, error) { select {} }

func TestPlainProgressLeavesRepetitionsOut(t *testing.T) {
	p, _, err := printer()
	progress := p.NewProgress("auto", "up")
	e := Event{ID: "Service web", Status: Working, Text: "Waiting", Current: 1, Total: 3, Details: "pulling"}
	progress.Event(e)
	progress.Event(e)
	e.Status, e.Text, e.Current, e.Details = Done, "Healthy", 3, ""
	progress.Event(e)
	progress.Stop()
	if want := "Service web Waiting 1/3 pulling\nService web Healthy 3/3\n"; err.String() != want {
		t.Errorf("got %q, want %q", err.String(), want)
	}
}

func TestJSONProgress(t *testing.T) {
	p, _, err := printer()
	progress := p.NewProgress("json", "up")
	progress.Event(Event{ID: "web", ParentID: "app", Status: Done, Text: "Created"})
	if want := `{"id":"web","parent_id":"app","status":"Done","text":"Created"}` + "\n"; err.String() != want {
		t.Errorf("got %q, want %q", err.String(), want)
	}
}

func TestLiveProgressRepaints(t *testing.T) {
	p, _, err := printer()
	now := time.Unix(0, 0)
	l := newLive(p, "up", func() time.Time { return now })
	l.Event(Event{ID: "Deployment web", Status: Working, Text: "Waiting", Details: "pulling image"})
	l.Event(Event{ID: "Service web", Status: Done, Text: "Created"})
	l.paint(false)
	want := "[+] up 1/2\x1b[K\n" +
		" ⠙ Deployment web  Waiting    0.0s  pulling image\x1b[K\n" +
		" ✔ Service web     Created    0.0s\x1b[K\n\x1b[J"
	if diff := cmp.Diff(want, err.String()); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	err.Reset()
	now = now.Add(1500 * time.Millisecond)
	l.Event(Event{ID: "Deployment web", Status: Done, Text: "Healthy"})
	l.paint(true)
	want = "\x1b[3A[+] up 2/2\x1b[K\n" +
		" ✔ Deployment web  Healthy    1.5s\x1b[K\n" +
		" ✔ Service web     Created    0.0s\x1b[K\n\x1b[J"
	if diff := cmp.Diff(want, err.String()); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
}

func TestMessagesStandAboveTheLiveProgress(t *testing.T) {
	p, _, err := printer()
	l := newLive(p, "up", func() time.Time { return time.Unix(0, 0) })
	p.setScreen(l)
	l.Event(Event{ID: "a", Status: Working, Text: "Waiting"})
	l.paint(false)
	err.Reset()
	p.Notef("stopping")
	l.paint(false)
	want := "\x1b[2Astopping\x1b[K\n\x1b[J[+] up 0/1\x1b[K\n ⠹ a  Waiting    0.0s\x1b[K\n\x1b[J"
	if diff := cmp.Diff(want, err.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLiveProgressFitsTheTerminal(t *testing.T) {
	p, _, err := printer()
	p.Size = func() (int, int) { return 20, 6 }
	l := newLive(p, "up", time.Now)
	for _, id := range strings.Fields("a b c d e f g") {
		l.Event(Event{ID: id + strings.Repeat("x", 40), Status: Working, Text: "Waiting"})
	}
	l.paint(false)
	lines := strings.Split(strings.TrimSuffix(err.String(), "\x1b[J"), "\n")
	lines = lines[:len(lines)-1]
	if len(lines) != 5 || lines[1] != " ... 4 more\x1b[K" {
		t.Errorf("got %d lines: %q", len(lines), lines)
	}
	for _, line := range lines {
		if n := len([]rune(strings.NewReplacer("\x1b[K", "", "\x1b[0m", "").Replace(line))); n >= 20 {
			t.Errorf("%d cells: %q", n, line)
		}
	}
}

func TestLogWriterPrefixes(t *testing.T) {
	p, out, _ := printer()
	l := p.NewLogWriter([]string{"web-1", "db-10"})
	for _, line := range [][2]string{{"web-1", "hello"}, {"db-10", "hi\r"}} {
		if err := l.Line(line[0], line[1]); err != nil {
			t.Fatal(err)
		}
	}
	if want := "web-1  | hello\ndb-10  | hi\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestLogWriterColours(t *testing.T) {
	p, out, _ := printer()
	p.OutTTY = true
	l := p.NewLogWriter(nil)
	for _, name := range []string{"a", "b", "a"} {
		if err := l.Line(name, "x"); err != nil {
			t.Fatal(err)
		}
	}
	want := "\x1b[36ma  | \x1b[0mx\n\x1b[33mb  | \x1b[0mx\n\x1b[36ma  | \x1b[0mx\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestModes(t *testing.T) {
	for _, mode := range append(Modes(), "", "none") {
		if !ValidMode(mode) {
			t.Errorf("%q must be valid", mode)
		}
	}
	if ValidMode("fancy") {
		t.Error("fancy is not a mode")
	}
}
