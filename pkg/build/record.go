package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Image is what was built for a service.
type Image struct {
	// Name is the name it was built under; the record counts only as long as
	// the files still give this name.
	Name string `json:"name"`
	// ID is the ID of the image's configuration.
	ID string `json:"id,omitempty"`
	// Ref is the reference that workloads name: with a tag of its content, or
	// with its digest once it is in a registry.
	Ref string `json:"ref"`
	// Pushed says that a registry has it.
	Pushed bool `json:"pushed,omitempty"`
	// Loaded is when the embedded cluster Cluster got it.
	Loaded  time.Time `json:"loaded,omitzero"`
	Cluster string    `json:"cluster,omitempty"`
	// Tool built it.
	Tool string `json:"tool"`
	// Built is when.
	Built time.Time `json:"built"`
}

// Record is what was built on this machine for the services of a project. It
// takes the place of the local image store that docker compose looks into.
type Record struct {
	// Path of the file.
	Path     string           `json:"-"`
	Project  string           `json:"project"`
	Dir      string           `json:"dir"`
	Services map[string]Image `json:"services"`
}

// LoadRecord reads the record of a project in a directory from below stateDir;
// one that does not exist is empty, and so is one that cannot be understood:
// then everything is built anew.
func LoadRecord(stateDir, project, dir string) (Record, error) {
	sum := sha256.Sum256([]byte(project + "\x00" + dir))
	r := Record{
		Path:    filepath.Join(stateDir, "builds", project+"-"+hex.EncodeToString(sum[:6])+".json"),
		Project: project, Dir: dir, Services: map[string]Image{},
	}
	data, err := os.ReadFile(r.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read what was built before: %w", err)
	}
	var stored Record
	if json.Unmarshal(data, &stored) == nil && stored.Services != nil {
		r.Services = stored.Services
	}
	return r, nil
}

// Save writes the record, whole or not at all.
func (r Record) Save() error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode what was built: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(r.Path), 0o750); err != nil {
		return fmt.Errorf("keep what was built: %w", err)
	}
	fresh := r.Path + ".new"
	if err := os.WriteFile(fresh, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep what was built: %w", err)
	}
	if err := os.Rename(fresh, r.Path); err != nil {
		return fmt.Errorf("keep what was built: %w", err)
	}
	return nil
}

// Of returns what was built for a service under a name.
func (r Record) Of(service, name string) (Image, bool) {
	image, ok := r.Services[service]
	return image, ok && image.Name == name
}
