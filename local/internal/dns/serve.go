package dns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	// The plugins that the Corefile names register themselves.
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// lookEvery is how often the host's resolv.conf is looked at.
const lookEvery = 3 * time.Second

// serve runs coredns until ctx ends, anew when the host gets other DNS servers:
// a laptop changes networks.
func serve(ctx context.Context, c *state.Cluster) error {
	if err := dnsserver.Register(); err != nil {
		return fmt.Errorf("register the DNS server: %w", err)
	}
	caddy.Quiet = true
	host, err := readResolvConf()
	if err != nil {
		return err
	}
	instance, err := caddy.Start(input(c, host))
	if err != nil {
		return fmt.Errorf("start coredns: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return instance.Stop()
		case <-time.After(lookEvery):
		}
		now, err := readResolvConf()
		if err != nil || bytes.Equal(now, host) {
			continue
		}
		host = now
		if instance, err = instance.Restart(input(c, host)); err != nil {
			return fmt.Errorf("restart coredns: %w", err)
		}
	}
}

// input wraps the configuration as coredns' loader takes it.
func input(c *state.Cluster, host []byte) caddy.Input {
	return caddy.CaddyfileInput{
		Contents:       corefile(c, namesServer(host)),
		Filepath:       "Corefile",
		ServerTypeName: "dns",
	}
}

// readResolvConf gives the host's resolv.conf, empty when it has none.
func readResolvConf() ([]byte, error) {
	data, err := os.ReadFile(resolvConf)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the host's DNS servers: %w", err)
	}
	return data, nil
}
