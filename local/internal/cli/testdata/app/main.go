// Command app is the only program of the image that the tests of the container
// node run: a page server, and the tools that one would use a shell for.
package main

import (
	"crypto/tls"
	"crypto/x509"
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
	case "ask-server":
		return askServer(args[0])
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
	return fetch(&http.Client{Timeout: 5 * time.Second}, url, "")
}

// fetch prints what a server answers.
func fetch(client *http.Client, url, token string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}

// askServer asks the API server as the pod's service account.
func askServer(path string) error {
	const account = "/var/run/secrets/kubernetes.io/serviceaccount/"
	ca, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return err
	}
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}
	return fetch(&client, "https://kubernetes.default.svc"+path, string(token))
}
