package bench

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMedianRatioAndGrowth(t *testing.T) {
	ours := Series{{Wall: 1 * time.Second}, {Wall: 9 * time.Second}, {Wall: 2 * time.Second}}
	theirs := Series{{Wall: 2 * time.Second}, {Wall: 9 * time.Second}, {Wall: 8 * time.Second}}
	if got := ours.Wall(); got != 2*time.Second {
		t.Errorf("median %s", got)
	}
	if got := Number(Ratio(ours, theirs)); got != "0.50" {
		t.Errorf("ratio %s", got)
	}
	if got := Number(Ratio(ours, nil)); got != "–" {
		t.Errorf("ratio without a peer %s", got)
	}
	if got := Number(Growth(time.Second, 9*time.Second, 10, 30)); got != "2.00" {
		t.Errorf("growth %s", got)
	}
}

func TestRunInTurns(t *testing.T) {
	log := t.TempDir() + "/log"
	say := func(word string) Command {
		return Command{Name: word, Path: "/bin/sh", Args: []string{"-c", "echo " + word + " >> " + log}}
	}
	series, err := InTurns(t.Context(), 2, say("a"), Command{Name: "none"}, say("b"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(string(content)), ""); got != "ababab" {
		t.Errorf("ran %s", got)
	}
	if len(series[0]) != 2 || len(series[1]) != 0 || len(series[2]) != 2 || series[0].Wall() == 0 || series[2].Peak() == 0 {
		t.Errorf("%+v", series)
	}
}

func TestFailureShowsStderr(t *testing.T) {
	_, err := Run(context.Background(), Command{Path: "/bin/sh", Args: []string{"-c", "echo the reason >&2; exit 3"}})
	if err == nil || !strings.Contains(err.Error(), "the reason") || !strings.Contains(err.Error(), "exit status 3") {
		t.Error(err)
	}
}

func TestTableIsMarkdown(t *testing.T) {
	table := Table{{"a", "long head"}}
	table.Add("wide cell")
	want := "| a         | long head |\n|-----------|-----------|\n| wide cell |           |\n"
	if got := table.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
