package containers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"
)

// The node's network namespace can't reach the host's loopback, on which the
// control plane and DNS listen. A relay takes connections on addresses inside
// the node and makes them on the host. As nothing is opened on the host's own
// addresses, its firewall has no say in it and its neighbours see nothing.

// dnsTimeout is how long an answer of the DNS server is waited for.
const dnsTimeout = 10 * time.Second

// maxPacket is the largest UDP packet.
const maxPacket = 65535

// relayTCP passes connections to a listener on to target until ctx ends.
func relayTCP(ctx context.Context, l net.Listener, target string) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return ended(ctx, fmt.Errorf("relay to %s: %w", target, err))
		}
		go relayConn(ctx, conn, target)
	}
}

// ended gives nil for an error that came because ctx ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// relayConn passes one connection on. A target that refuses is a connection that
// ends at once.
func relayConn(ctx context.Context, conn net.Conn, target string) {
	defer conn.Close()
	var dialer net.Dialer
	up, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer up.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		pass(up, conn)
	}()
	pass(conn, up)
	<-done
}

// pass copies until the end of from and tells to that no more will come.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		to.Close()
		from.Close()
	}
}

// relayUDP passes questions on to target and its answers back until ctx ends:
// one answer for each packet, as DNS has it.
func relayUDP(ctx context.Context, pc net.PacketConn, target string, log *slog.Logger) error {
	stop := context.AfterFunc(ctx, func() { pc.Close() })
	defer stop()
	buf := make([]byte, maxPacket)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return ended(ctx, fmt.Errorf("relay to %s: %w", target, err))
		}
		question := append([]byte(nil), buf[:n]...)
		go func() {
			if err := answer(ctx, pc, from, question, target); err != nil {
				log.Debug("no answer", "target", target, "error", err)
			}
		}()
	}
}

// answer asks target one question and sends its answer to from.
func answer(ctx context.Context, pc net.PacketConn, from net.Addr, question []byte, target string) error {
	var dialer net.Dialer
	up, err := dialer.DialContext(ctx, "udp", target)
	if err != nil {
		return err
	}
	defer up.Close()
	if err := up.SetDeadline(time.Now().Add(dnsTimeout)); err != nil {
		return err
	}
	if _, err := up.Write(question); err != nil {
		return err
	}
	buf := make([]byte, maxPacket)
	n, err := up.Read(buf)
	if err != nil {
		return err
	}
	_, err = pc.WriteTo(buf[:n], from)
	return err
}
