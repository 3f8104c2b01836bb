package state

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the folder of one cluster. Its methods name the files in it.
type Dir string

// Join gives a path inside the folder.
func (d Dir) Join(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

// ClusterFile is where the Cluster is stored.
func (d Dir) ClusterFile() string { return d.Join("cluster.json") }

// StatusFile is where the supervisor writes the state of its processes.
func (d Dir) StatusFile() string { return d.Join("status.json") }

// PKI is the path of a certificate, key or other credential file.
func (d Dir) PKI(name string) string { return d.Join("pki", name) }

// CA is the certificate of the cluster's own authority.
func (d Dir) CA() string { return d.PKI("ca.crt") }

// Kubeconfig is the kubeconfig of a user: "admin" or a component's name.
func (d Dir) Kubeconfig(user string) string { return d.Join("kubeconfig", user+".yaml") }

// Log is the log file of a component.
func (d Dir) Log(component string) string { return d.Join("logs", component+".log") }

// Logs is the folder of the log files.
func (d Dir) Logs() string { return d.Join("logs") }

// Data is the folder that a component keeps its own files in.
func (d Dir) Data(component string) string { return d.Join("data", component) }

// Root is the folder that holds the folders of all clusters of the user:
// $XDG_STATE_HOME/gantry/local, by default ~/.local/state/gantry/local.
func Root() (string, error) {
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "gantry", "local"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the state folder: %w", err)
	}
	return filepath.Join(home, ".local", "state", "gantry", "local"), nil
}
