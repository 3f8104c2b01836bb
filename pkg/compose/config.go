package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
)

// Config prints the resolved model as a Compose file, in "yaml" or "json". The
// result loads again to the same model: env files are merged into environment,
// paths are absolute and a literal $ is written $$.
func Config(p *Project, format string) ([]byte, error) {
	model := withoutEnvFiles(p.Project)
	var out []byte
	var err error
	switch format {
	case "", "yaml":
		out, err = model.MarshalYAML()
	case "json":
		out, err = model.MarshalJSON()
		out = append(out, '\n')
	default:
		return nil, fmt.Errorf("unknown format %q, use yaml or json", format)
	}
	if err != nil {
		return nil, fmt.Errorf("print the model: %w", err)
	}
	return bytes.ReplaceAll(out, []byte("$"), []byte("$$")), nil
}

// withoutEnvFiles returns the model without the files that were merged into it.
func withoutEnvFiles(p *types.Project) *types.Project {
	out := *p
	out.Services = maps.Clone(p.Services)
	for name, s := range out.Services {
		s.EnvFiles, s.LabelFiles = nil, nil
		s.PreStart = slices.Clone(s.PreStart)
		for i := range s.PreStart {
			s.PreStart[i].EnvFiles, s.PreStart[i].LabelFiles = nil, nil
		}
		out.Services[name] = s
	}
	return &out
}

// Images returns the images of the active services, sorted and each once. A
// service that is only built has the name that docker compose gives its image.
func Images(p *Project) []string {
	found := map[string]bool{}
	for name, s := range p.Services {
		image := s.Image
		if image == "" {
			image = p.Name + "-" + name
		}
		found[image] = true
	}
	return sortedKeys(found)
}

// Profiles returns all profiles that services declare, active or not, sorted.
func Profiles(p *Project) []string {
	found := map[string]bool{}
	for _, s := range p.AllServices() {
		for _, profile := range s.Profiles {
			found[profile] = true
		}
	}
	return sortedKeys(found)
}

// Hash returns a digest, in hexadecimal, of what makes up a running service. It
// changes when the service has to be made anew, and not with the number of its
// replicas, its dependencies, profiles, build or pull policy.
func Hash(s types.ServiceConfig) (string, error) {
	s.Build = nil
	s.PullPolicy = ""
	s.Scale = nil
	s.DependsOn = nil
	s.Profiles = nil
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.Replicas = nil
		s.Deploy = &deploy
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("hash service %s: %w", s.Name, err)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), nil
}

// Hashes returns name and digest of the active services, sorted by name, or of
// those that are named. An unknown name is an error.
func Hashes(p *Project, names ...string) ([][2]string, error) {
	if len(names) == 0 {
		names = sortedKeys(p.Services)
	}
	var out [][2]string
	for _, name := range names {
		s, ok := p.Services[name]
		if !ok {
			return nil, fmt.Errorf("no such service: %s", name)
		}
		hash, err := Hash(s)
		if err != nil {
			return nil, err
		}
		out = append(out, [2]string{name, hash})
	}
	return out, nil
}
