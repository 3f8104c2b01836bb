package cluster

import (
	"context"
	"strings"
)

// Process is a process in a container.
type Process struct {
	Service string `json:"service"`
	// Number is the replica's.
	Number int    `json:"number"`
	PID    string `json:"pid"`
	PPID   string `json:"ppid"`
	User   string `json:"user"`
	// RSS is its resident memory as the image's ps writes it, mostly in KiB.
	RSS     string `json:"rss"`
	Command string `json:"command"`
}

// psScript asks for the columns that procps and busybox both have; the first
// needs -e to show all, the second does not know it.
const psScript = "ps -eo pid,ppid,user,rss,args 2>/dev/null || ps -o pid,ppid,user,rss,args"

// Processes lists the processes in a replica's container, whose image must have
// ps and a shell.
func Processes(ctx context.Context, c *Client, at Replica) ([]Process, error) {
	out, err := c.tool(ctx, at, []string{shell, "-c", psScript}, nil, nil)
	if err != nil {
		return nil, err
	}
	var list []Process
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] == "PID" || strings.Contains(line, "pid,ppid,user,rss,args") {
			continue
		}
		list = append(list, Process{
			Service: at.Service, Number: at.Number, PID: fields[0], PPID: fields[1], User: fields[2], RSS: fields[3],
			Command: strings.Join(fields[4:], " "),
		})
	}
	return list, nil
}
