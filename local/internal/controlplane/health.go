package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// apiserverReady asks the API server whether it serves. /readyz is open to all
// by Kubernetes' default bindings, but those are made by a hook of the server's
// own start, so that the request is made as the cluster's admin.
func apiserverReady(ctx context.Context, c *state.Cluster) error {
	return get(ctx, c, APIServer, "/readyz")
}

// healthz asks a component's own /healthz, which needs no authorization.
func healthz(name string) func(context.Context, *state.Cluster) error {
	return func(ctx context.Context, c *state.Cluster) error {
		return get(ctx, c, name, "/healthz")
	}
}

// get makes one request to a component's port and wants it to answer 200.
func get(ctx context.Context, c *state.Cluster, port, path string) error {
	client, err := client(c)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	url := httpsURL(c.Port(port))
	url.Path = path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url.String(), nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 300))
	if err != nil {
		return fmt.Errorf("%s %s: %w", port, resp.Status, err)
	}
	return fmt.Errorf("%s answers %s: %s", port, resp.Status, body)
}

// client gives an HTTP client with the admin's certificate.
func client(c *state.Cluster) (*http.Client, error) {
	ca, err := os.ReadFile(c.Dir.CA())
	if err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	cert, err := tls.LoadX509KeyPair(c.Dir.PKI("admin.crt"), c.Dir.PKI("admin.key"))
	if err != nil {
		return nil, fmt.Errorf("read the admin's certificate: %w", err)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12,
	}}}, nil
}
