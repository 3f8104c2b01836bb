package cluster

import (
	"context"
	"io"
	"net/http"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Forward is a port of this machine that leads to one of a container.
type Forward struct{ Local, Remote uint16 }

// PortForward listens on the addresses (IPs, or localhost) and hands every
// connection to a replica's pod, until the context is over or the connection to
// the pod breaks; lost then says that there was one. ports are LOCAL:REMOTE; a
// LOCAL of 0 takes any that is free. listening is told of the ports in use.
func PortForward(ctx context.Context, c *Client, at Replica, addresses, ports []string, listening func([]Forward)) (lost bool, err error) {
	dialer, err := c.forwardDialer(at)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan struct{})
	f, err := portforward.NewOnAddressesForStreamingWithContext(ctx, dialer, addresses, ports, ready, io.Discard, io.Discard)
	if err != nil {
		return false, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-ready:
			lost = true
			listening(forwarded(f))
		case <-ctx.Done():
		}
	}()
	err = f.ForwardPorts()
	cancel()
	<-done
	if err == nil || lost {
		return lost, nil
	}
	return false, c.explainStream(ctx, at, err)
}

func forwarded(f *portforward.PortForwarder) []Forward {
	ports, err := f.GetPorts()
	if err != nil {
		return nil
	}
	var out []Forward
	for _, p := range ports {
		out = append(out, Forward{p.Local, p.Remote})
	}
	return out
}

// forwardDialer connects by WebSocket, or by SPDY where that is not let through.
func (c *Client) forwardDialer(at Replica) (httpstream.Dialer, error) {
	to := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(at.Pod.Namespace).Name(at.Pod.Name).SubResource("portforward").URL()
	config := c.RESTConfig()
	first, err := portforward.NewSPDYOverWebsocketDialerForStreaming(to, config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	second := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, to)
	return portforward.NewFallbackDialerForStreaming(first, second, noWebSocket), nil
}
