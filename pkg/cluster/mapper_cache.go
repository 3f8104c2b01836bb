package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// discoveryAge is how long kinds on disk are believed. A kind that is missing
// there is looked up on the server anyway.
const discoveryAge = 6 * time.Hour

// discoveryCache is a file with the kinds of one server. Failing to read or
// write it costs a discovery, never an error.
type discoveryCache struct{ path string }

// newDiscoveryCache names the file after the server's address and CA, so that
// another cluster at the same address (a local one, made anew) has its own.
func newDiscoveryCache(dir string, cfg *rest.Config) discoveryCache {
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return discoveryCache{}
		}
		dir = filepath.Join(base, "gantry")
	}
	ca := cfg.CAData
	if len(ca) == 0 && cfg.CAFile != "" {
		ca, _ = os.ReadFile(cfg.CAFile)
	}
	sum := sha256.Sum256(append([]byte(cfg.Host+"\x00"), ca...))
	return discoveryCache{path: filepath.Join(dir, "discovery", hex.EncodeToString(sum[:12])+".json")}
}

// read returns the kinds on disk unless they are absent, old or damaged.
func (c discoveryCache) read() ([]*restmapper.APIGroupResources, bool) {
	info, err := os.Stat(c.path)
	if err != nil || time.Since(info.ModTime()) > discoveryAge {
		return nil, false
	}
	data, err := os.ReadFile(c.path)
	if err != nil {
		return nil, false
	}
	var groups []*restmapper.APIGroupResources
	if json.Unmarshal(data, &groups) != nil || len(groups) == 0 {
		return nil, false
	}
	return groups, true
}

// write replaces the file in one step, so that a reader never sees half of it.
func (c discoveryCache) write(groups []*restmapper.APIGroupResources) {
	data, err := json.Marshal(groups)
	if err != nil || c.path == "" || os.MkdirAll(filepath.Dir(c.path), 0o700) != nil {
		return
	}
	temp, err := os.CreateTemp(filepath.Dir(c.path), ".new-*")
	if err != nil {
		return
	}
	_, err = temp.Write(data)
	if closed := temp.Close(); err != nil || closed != nil || os.Rename(temp.Name(), c.path) != nil {
		_ = os.Remove(temp.Name())
	}
}

func (c discoveryCache) remove() { _ = os.Remove(c.path) }
