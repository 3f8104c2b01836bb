package controlplane

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// etcdPeer is the name of the port that etcd's members would talk over.
const etcdPeer = "etcd-peer"

// etcdArgs gives the arguments that runEtcd reads.
func etcdArgs(c *state.Cluster) []string {
	return []string{
		"--data-dir=" + c.Dir.Data(Etcd),
		"--pki=" + c.Dir.PKI(""),
		"--port=" + strconv.Itoa(c.Port(Etcd)),
		"--peer-port=" + strconv.Itoa(c.Port(etcdPeer)),
	}
}

// etcdReady tells whether etcd listens; it does so once it serves.
func etcdReady(ctx context.Context, c *state.Cluster) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", loopback(c.Port(Etcd)))
	if err != nil {
		return err
	}
	return conn.Close()
}

// runEtcd serves a one-member etcd until ctx ends.
func runEtcd(ctx context.Context, args []string) error {
	cfg, err := etcdConfig(args)
	if err != nil {
		return err
	}
	server, err := embed.StartEtcd(cfg)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	defer server.Close()
	select {
	case <-ctx.Done():
		return nil
	case err := <-server.Err():
		return fmt.Errorf("etcd: %w", err)
	case <-server.Server.StopNotify():
		return errors.New("etcd stopped")
	}
}

// etcdConfig makes etcd's configuration of the component's arguments.
func etcdConfig(args []string) (*embed.Config, error) {
	flags := flag.NewFlagSet(Etcd, flag.ContinueOnError)
	data := flags.String("data-dir", "", "folder of the database")
	pki := flags.String("pki", "", "folder of the certificates")
	port := flags.Int("port", 0, "port for clients")
	peerPort := flags.Int("peer-port", 0, "port for members")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	client, peer := httpsURL(*port), httpsURL(*peerPort)
	tls := transport.TLSInfo{
		CertFile: *pki + "/etcd.crt", KeyFile: *pki + "/etcd.key",
		TrustedCAFile: *pki + "/etcd-ca.crt", ClientCertAuth: true,
	}
	cfg := embed.NewConfig()
	cfg.Name = "local"
	cfg.Dir = *data
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.ClientTLSInfo, cfg.PeerTLSInfo = tls, tls
	tune(cfg)
	return cfg, nil
}

// tune sets what suits a single member on a developer's machine: an election
// that is over at once (but no clock that ticks more often than that needs), and
// no waiting for the disk. A crash of the process
// loses nothing by that, only one of the machine can.
func tune(cfg *embed.Config) {
	cfg.LogLevel = "warn"
	cfg.TickMs, cfg.ElectionMs = 50, 500
	cfg.UnsafeNoFsync = true
	cfg.SnapshotCount = 10000
	cfg.AutoCompactionMode = "periodic"
	cfg.AutoCompactionRetention = "5m"
	cfg.WatchProgressNotifyInterval = 5 * time.Second
}

// httpsURL is the address of a port on loopback.
func httpsURL(port int) url.URL { return url.URL{Scheme: "https", Host: loopback(port)} }

// loopback is host:port for a port on loopback.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
