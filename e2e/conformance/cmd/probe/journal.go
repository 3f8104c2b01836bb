//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// event is a line of a journal.
type event struct {
	Name  string `json:"name"`
	Event string `json:"event"`
	Time  int64  `json:"time"` // Unix, in milliseconds
}

// journal keeps events of one process in a file of a folder that others read,
// and that may outlive the container.
type journal struct{ dir, name string }

func newJournal() journal {
	host, _ := os.Hostname()
	return journal{os.Getenv("PROBE_JOURNAL"), setting("PROBE_NAME", host)}
}

// note writes an event to the output and to the file, in one write each.
func (j journal) note(words ...string) error {
	line, err := json.Marshal(event{j.name, strings.Join(words, " "), time.Now().UnixMilli()})
	if err != nil {
		return err
	}
	line = append(line, '\n')
	_, err = os.Stdout.Write(line)
	if j.dir == "" {
		return err
	}
	f, openErr := os.OpenFile(filepath.Join(j.dir, j.name+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	_, writeErr := f.Write(line)
	return errors.Join(err, writeErr, f.Close())
}

// readJournals gives, for each process of a folder and each of its events, when
// it was first seen (EVENT), last seen (EVENT, last) and how often (EVENT, count).
func readJournals(dir string) (map[string]map[string]int64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]int64{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			var e event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			add(all, e)
		}
	}
	return all, nil
}

func add(all map[string]map[string]int64, e event) {
	of := all[e.Name]
	if of == nil {
		of = map[string]int64{}
		all[e.Name] = of
	}
	key := strings.ReplaceAll(e.Event, " ", "-")
	if of[key+"-count"] == 0 {
		of[key] = e.Time
	}
	of[key+"-last"] = e.Time
	of[key+"-count"]++
}
