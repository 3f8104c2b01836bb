// Command app is the only program of the image that the tests of the container
// node run: a page server, and the tools that one would use a shell for.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(3)
	}
}

func run(args []string) error {
	verb, args := args[0], args[1:]
	switch verb {
	case "serve":
		return serve(args[0])
	case "get":
		return get(args[0])
	case "lookup":
		addrs, err := net.LookupHost(args[0])
		fmt.Println(strings.Join(addrs, " "))
		return err
	case "read":
		data, err := os.ReadFile(args[0])
		os.Stdout.Write(data)
		return err
	case "write":
		return os.WriteFile(args[0], []byte(args[1]), 0o644)
	}
	return fmt.Errorf("unknown verb %q", verb)
}

// serve serves one page, and says so first.
func serve(page string) error {
	fmt.Println("serving", page)
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, page) })
	return http.ListenAndServe(":80", nil)
}

func get(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}
