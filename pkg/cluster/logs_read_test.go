package cluster

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLines(t *testing.T) {
	const stamp = "2026-03-04T12:00:00.000000001Z"
	long := strings.Repeat("x", maxLine)
	broken := errors.New("broken")
	tests := []struct {
		name string
		in   io.Reader
		want []string
		err  error
	}{
		{"two lines", strings.NewReader(stamp + " a\n" + stamp + " b\n"), []string{stamp + "|a", stamp + "|b"}, nil},
		{"empty line", strings.NewReader(stamp + " \n"), []string{stamp + "|"}, nil},
		{"no time", strings.NewReader("hello you\n"), []string{"0001-01-01T00:00:00Z|hello you"}, nil},
		{"carriage return", strings.NewReader(stamp + " a\r\n"), []string{stamp + "|a"}, nil},
		{"end without line end", strings.NewReader(stamp + " a"), []string{stamp + "|a"}, nil},
		{"broken in a line", io.MultiReader(strings.NewReader(stamp+" a\n"+stamp+" b"), iotest.ErrReader(broken)), []string{stamp + "|a"}, broken},
		{"too long", strings.NewReader(stamp + " " + long + "tail\n"), []string{stamp + "|" + long[:maxLine-len(stamp)-1], stamp + "|" + long[maxLine-len(stamp)-1:] + "tail"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			err := lines(tt.in, func(at time.Time, text string) error {
				got = append(got, at.Format(time.RFC3339Nano)+"|"+text)
				return nil
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinesStopsWithItsReader(t *testing.T) {
	stop := errors.New("stop")
	count := 0
	err := lines(strings.NewReader("a\nb\n"), func(time.Time, string) error { count++; return stop })
	if !errors.Is(err, stop) || count != 1 {
		t.Errorf("got %v after %d lines", err, count)
	}
}

// stampedLog is a container's log: lines with times that mostly rise, are
// sometimes equal and sometimes a little out of order.
func stampedLog(t *rapid.T) []timed {
	var out []timed
	at := noon
	for range rapid.IntRange(0, 40).Draw(t, "lines") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1e6, 3e8, 9e8, 25e8}).Draw(t, "step")))
		jitter := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1e6}).Draw(t, "jitter"))
		out = append(out, timed{at.Add(-jitter), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "text")})
	}
	return out
}

// A reader that is cut off anywhere, any number of times, gets every line once
// and in order.
func TestCursorResumesWithoutLossOrDoubles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := stampedLog(t)
		c := newCursor()
		var got []timed
		for tries := 0; ; tries++ {
			since := c.since()
			c.resume()
			left := -1
			if tries < 5 {
				left = rapid.IntRange(0, 15).Draw(t, "cut after")
			}
			whole := true
			for _, line := range log {
				if line.at.Before(since) {
					continue // what the node leaves out for sinceTime
				}
				if left == 0 {
					whole = false
					break
				}
				left--
				if c.take(line.at, line.text) {
					got = append(got, line)
				}
			}
			if whole {
				break
			}
		}
		if diff := cmp.Diff(log, got, cmp.AllowUnexported(timed{})); diff != "" {
			t.Errorf("lines (-log +got):\n%s", diff)
		}
	})
}

func TestCursorForgets(t *testing.T) {
	c := newCursor()
	for i := range 1000 {
		c.take(noon.Add(time.Duration(i)*time.Second), fmt.Sprint(i))
	}
	if len(c.given) > 2 {
		t.Errorf("keeps %d seconds", len(c.given))
	}
}

func TestLogGone(t *testing.T) {
	const text = "unable to retrieve container logs for containerd://06476fc6"
	if err := logGone(time.Time{}, text); !errors.Is(err, errLogGone) {
		t.Errorf("the kubelet's words are taken for a line: %v", err)
	}
	if err := logGone(noon, text); err != nil {
		t.Errorf("a line is taken for the kubelet's words: %v", err)
	}
}

func TestWithoutPod(t *testing.T) {
	for in, want := range map[string]string{
		"Back-off restarting failed container web in pod web-7c_shop(406aa752-d5cb-47fc-8afe-fe27be830a0b)": "Back-off restarting failed container web",
		"deleted in pod template": "deleted in pod template",
		"plain":                   "plain",
	} {
		if got := withoutPod(in); got != want {
			t.Errorf("withoutPod(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("2026-03-04T12:00:00Z a\nb\r\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		joined := ""
		if err := lines(strings.NewReader(text), func(_ time.Time, line string) error { joined += line; return nil }); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsRune(joined, '\n') || len(joined) > len(text) {
			t.Errorf("%q became %q", text, joined)
		}
	})
}
