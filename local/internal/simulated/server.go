package simulated

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"k8s.io/client-go/kubernetes"
)

// serve answers the API that a kubelet has for the API server, on loopback, to
// clients with a certificate of the cluster's masters, until ctx ends.
func serve(ctx context.Context, client kubernetes.Interface, o options) error {
	tlsConfig, err := serverTLS(o)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)),
		Handler:           mastersOnly(handler(client)),
		TLSConfig:         tlsConfig,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err = server.ListenAndServeTLS("", "")
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve the kubelet API: %w", err)
}

// serverTLS wants a certificate from every client.
func serverTLS(o options) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, fmt.Errorf("read the serving certificate: %w", err)
	}
	ca, err := os.ReadFile(o.clientCA)
	if err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
		// Upgraded connections (exec) need HTTP/1.1.
		NextProtos: []string{"http/1.1"},
	}, nil
}

// mastersOnly refuses clients that are not in the group of the API server.
func mastersOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 ||
			!slices.Contains(r.TLS.PeerCertificates[0].Subject.Organization, "system:masters") {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// handler gives the paths of the kubelet API that are answered. What would run
// or reach a process in a container is refused with the reason.
func handler(client kubernetes.Interface) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.Handle("GET /containerLogs/{namespace}/{pod}/{container}", logs{client})
	for _, path := range []string{"/exec/", "/attach/", "/portForward/", "/run/"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, message, http.StatusBadRequest)
		})
	}
	return mux
}
