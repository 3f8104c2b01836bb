package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// tls explains a handshake that fails.
func (c *Client) tls(err error) (diag.Diagnostic, bool) {
	reason := tlsReason(err)
	if reason == "" {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterTLS, diag.Pos{}, "", "no secure connection to %s: %s", c.Host(), reason)
	return d.WithHint("%s", c.tlsHint()), true
}

func tlsReason(err error) string {
	var (
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that the kubeconfig does not name"
	case errors.As(err, &host):
		return "its certificate is for another name (" + oneLine(host.Error()) + ")"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is expired or not valid yet"
	case errors.As(err, &invalid):
		return oneLine(invalid.Error())
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server does not speak TLS"
	case errors.As(err, &alert):
		return "the server ended the handshake (" + alert.Error() + ")"
	}
	return ""
}

func (c *Client) tlsHint() string {
	if c.local() {
		return "the local cluster may have been made anew: run `gantry local up` to refresh the kubeconfig"
	}
	return "fetch the kubeconfig again from your cluster's provider, or choose another context with --context"
}

// unreachable explains a server that does not answer.
func (c *Client) unreachable(err error) (diag.Diagnostic, bool) {
	reason := networkReason(err)
	if reason == "" {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterUnreachable, diag.Pos{}, "", "the API server at %s (%s) cannot be reached: %s", c.Host(), c.contextWords(), reason)
	if c.local() {
		return d.WithHint("start the local cluster with `gantry local up`"), true
	}
	return d.WithHint("check that the cluster runs and the network reaches it, or choose another with --context"), true
}

// local reports whether the server is on this machine.
func (c *Client) local() bool {
	u, err := url.Parse(c.Host())
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// networkReason says in a few words why a connection fails; "" when it is no
// failure of the network.
func networkReason(err error) string {
	var (
		dns     *net.DNSError
		op      *net.OpError
		timeout net.Error
		request *url.Error
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &dns):
		return "no address is known for " + dns.Name
	case errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &request):
		return ""
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(err, &op):
		return oneLine(op.Err.Error())
	case errors.Is(err, io.ErrUnexpectedEOF), isHTTP2(err), errors.As(err, &request) && errors.Is(err, io.EOF):
		return "the connection broke"
	case errors.As(err, &request):
		return oneLine(request.Err.Error())
	}
	return ""
}

// isHTTP2 recognises the failures of a connection or stream that the HTTP/2
// transport has no exported types for.
func isHTTP2(err error) bool {
	return strings.Contains(err.Error(), "http2: ") || strings.Contains(err.Error(), "stream error: ")
}
