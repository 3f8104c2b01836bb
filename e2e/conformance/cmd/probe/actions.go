//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// actionTime is how long an action may take.
const actionTime = 5 * time.Second

// do does an action:
//
//	report                    the world of this process
//	files PATH                owner, mode and content of a tree
//	write PATH TEXT [MODE]    fill PATH BYTES     remove PATH
//	resolve NAME              the addresses of a name
//	dial NETWORK ADDRESS      what a server answers
//	get URL                   status and body of a page
//	spread URL COUNT          which hosts answer COUNT requests
//	listen NETWORK ADDRESS    whether a port can be opened
//	journal DIR               the events in a folder of journals
//	syscall NAME              whether the kernel lets one through
//	take BYTES                holds that much memory
//	orphan                    leaves a process without a parent
func do(args []string) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("no action")
	}
	name, rest := args[0], args[1:]
	if len(rest) == 0 && !slices.Contains([]string{"report", "orphan"}, name) {
		return nil, fmt.Errorf("%s what?", name)
	}
	switch name {
	case "report":
		return observe(), nil
	case "files":
		return files(rest[0])
	case "write":
		return write(rest)
	case "fill":
		return fill(rest)
	case "remove":
		return outcome(os.Remove(rest[0])), nil
	case "resolve":
		return resolve(rest[0]), nil
	case "get":
		return get(rest[0]), nil
	case "journal":
		return readJournals(rest[0])
	case "syscall":
		return systemCall(rest[0])
	case "take":
		return take(rest[0])
	case "orphan":
		return orphan()
	}
	return doWithTwo(name, rest)
}

func doWithTwo(name string, args []string) (any, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("%s: want two arguments, or no such action", name)
	}
	switch name {
	case "dial":
		return dial(args[0], args[1]), nil
	case "spread":
		return spread(args[0], args[1])
	case "listen":
		l, err := net.Listen(args[0], args[1])
		if err == nil {
			err = l.Close()
		}
		return outcome(err), nil
	}
	return nil, fmt.Errorf("no such action: %s", name)
}

func resolve(name string) object {
	ctx, cancel := context.WithTimeout(context.Background(), actionTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	result := outcome(err)
	slices.Sort(addresses)
	result["addresses"], result["count"] = addresses, len(addresses)
	return result
}

// dial connects, sends a line and tells the first that comes back; over TCP the
// line is an HTTP request.
func dial(network, address string) object {
	c, err := net.DialTimeout(network, address, 2*time.Second)
	if err != nil {
		return outcome(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return outcome(err)
	}
	buffer := make([]byte, 1500)
	n, err := c.Read(buffer)
	result := outcome(err)
	_, body, found := strings.Cut(string(buffer[:n]), "\r\n\r\n")
	if !found {
		body = string(buffer[:n])
	}
	result["answer"] = strings.TrimSpace(body)
	return result
}

func get(url string) object {
	// No keep-alive: each request finds its way anew.
	client := http.Client{Timeout: actionTime, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return outcome(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	result := outcome(err)
	result["status"], result["body"], result["client"] = response.StatusCode, string(bytes.TrimSpace(body)), response.Header.Get("Client")
	return result
}

func spread(url, count string) (any, error) {
	n, err := strconv.Atoi(count)
	if err != nil {
		return nil, err
	}
	hosts, failed := map[string]int{}, 0
	for range n {
		if page := get(url); page["status"] == http.StatusOK {
			hosts[fmt.Sprint(page["body"])]++
		} else {
			failed++
		}
	}
	return object{"hosts": hosts, "count": len(hosts), "failed": failed}, nil
}

// systemCall tries a system call with arguments that fail otherwise, so that
// only the kernel's permission decides between the errors.
func systemCall(name string) (any, error) {
	switch name {
	case "unshare-user":
		return outcome(syscall.Unshare(syscall.CLONE_NEWUSER)), nil
	case "mount":
		return outcome(syscall.Mount("none", "/", "no-such-file-system", 0, "")), nil
	}
	return nil, fmt.Errorf("no such system call: %s", name)
}

// take allocates memory and writes to all of it; the process is not expected to
// survive what it has no right to, so it answers first.
func take(bytes string) (any, error) {
	n, err := strconv.Atoi(bytes)
	if err != nil {
		return nil, err
	}
	time.AfterFunc(200*time.Millisecond, func() {
		memory := make([]byte, n)
		for i := 0; i < n; i += 4096 {
			memory[i] = 1
		}
		time.Sleep(time.Minute)
		_ = memory[0]
	})
	return done(), nil
}

// orphan starts a process whose parent ends before it does, and waits until it
// has ended, too.
func orphan() (any, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := exec.Command(self, "orphan-parent").Run(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	zombies := 0
	for _, p := range processes() {
		if p["state"] == "Z" {
			zombies++
		}
	}
	return object{"zombies": zombies}, nil
}

// orphanParent leaves a child behind.
func orphanParent() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return exec.Command(self, "pause", "100ms").Start()
}
