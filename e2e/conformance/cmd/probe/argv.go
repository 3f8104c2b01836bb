//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// run does what the arguments say: `do ACTION ARG...` prints an action's result,
// `check` asks the container's process whether it is healthy, `once CODE`
// prints the report and ends, `pause DURATION CODE` ends later, `note EVENT`
// writes to the journal. Everything else is for an application to interpret:
// the probe serves.
func run(args []string) (int, error) {
	if len(args) == 0 {
		return serve()
	}
	switch args[0] {
	case "do":
		return printed(do(args[1:]))
	case "check":
		return check()
	case "once":
		return once(args[1:])
	case "pause":
		return pause(args[1:])
	case "note":
		return 0, newJournal().note(args[1:]...)
	case "orphan-parent":
		return 0, orphanParent()
	default:
		return serve()
	}
}

// printed writes a result to stdout.
func printed(result any, err error) (int, error) {
	if err != nil {
		return 1, err
	}
	data, err := json.Marshal(result)
	if err != nil {
		return 1, err
	}
	_, err = fmt.Fprintln(os.Stdout, string(data))
	return 0, err
}

// check is a healthcheck's command: 0 if the container's process is healthy.
func check() (int, error) {
	client := http.Client{Timeout: time.Second}
	response, err := client.Get("http://" + net.JoinHostPort("127.0.0.1", port()) + "/healthy")
	if err != nil {
		return 1, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 1, fmt.Errorf("unhealthy: %s", response.Status)
	}
	return 0, nil
}

// once prints the report and ends with the code.
func once(args []string) (int, error) {
	j := newJournal()
	if err := j.note("start"); err != nil {
		return 1, err
	}
	if _, err := printed(observe(), nil); err != nil {
		return 1, err
	}
	return codeOf(args), j.note("exit")
}

// pause ends with a code after a while: `pause 2s 3`.
func pause(args []string) (int, error) {
	j := newJournal()
	if err := j.note("start"); err != nil {
		return 1, err
	}
	if len(args) > 0 {
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return 1, err
		}
		time.Sleep(d)
		args = args[1:]
	}
	return codeOf(args), j.note("exit")
}

func codeOf(args []string) int {
	if len(args) == 0 {
		return 0
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 1
	}
	return code
}

// port is where the probe serves.
func port() string { return setting("PROBE_PORT", "6060") }

// setting is a variable of the environment, or the value that it has by default.
func setting(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
