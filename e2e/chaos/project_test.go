package chaos

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// project is a random Compose project.
type project struct {
	Name     string
	Services []service
	Configs  map[string]string
	Secrets  map[string]string
	Volumes  []string
}

// service is a service of a project, as far as a deploy is concerned with it.
type service struct {
	Name, Image string
	// Kind is that of ecs-params; "" leaves the choice to gantry.
	Kind string
	// Replicas is nil when the files do not state the count.
	Replicas *int
	Env      map[string]string
	Configs  []string
	Secrets  []string
	Volumes  []string
	Port     int // published; 0 is none
	Expose   int // internal; 0 is none
	Health   bool
	OneShot  bool
	// DependsOn has the condition for each service.
	DependsOn map[string]string
}

// compose is the project as a Compose file.
func (p project) compose() map[string]any {
	services := map[string]any{}
	for _, s := range p.Services {
		services[s.Name] = s.compose()
	}
	out := map[string]any{"name": p.Name, "services": services}
	section(out, "configs", p.Configs, func(name string) any { return map[string]any{"file": "./" + name + ".conf"} })
	section(out, "secrets", p.Secrets, func(name string) any { return map[string]any{"file": "./" + name + ".secret"} })
	volumes := map[string]string{}
	for _, v := range p.Volumes {
		volumes[v] = ""
	}
	section(out, "volumes", volumes, func(string) any { return map[string]any{} })
	return out
}

func section(out map[string]any, key string, names map[string]string, entry func(string) any) {
	entries := map[string]any{}
	for name := range names {
		entries[name] = entry(name)
	}
	if len(entries) > 0 {
		out[key] = entries
	}
}

func (s service) compose() map[string]any {
	out := map[string]any{"image": s.Image}
	put := func(key string, value any, is bool) {
		if is {
			out[key] = value
		}
	}
	put("environment", s.Env, len(s.Env) > 0)
	put("configs", s.Configs, len(s.Configs) > 0)
	put("secrets", s.Secrets, len(s.Secrets) > 0)
	put("ports", []string{fmt.Sprintf("%d:80", s.Port)}, s.Port > 0)
	put("expose", []string{fmt.Sprint(s.Expose)}, s.Expose > 0)
	put("restart", "no", s.OneShot)
	put("healthcheck", map[string]any{"test": []string{"CMD", "true"}, "interval": "1s"}, s.Health)
	if s.Replicas != nil {
		out["deploy"] = map[string]any{"replicas": *s.Replicas}
	}
	var mounts []string
	for _, v := range s.Volumes {
		mounts = append(mounts, v+":/data/"+v)
	}
	put("volumes", mounts, len(mounts) > 0)
	depends := map[string]any{}
	for name, condition := range s.DependsOn {
		depends[name] = map[string]any{"condition": condition}
	}
	put("depends_on", depends, len(depends) > 0)
	return out
}

// params is the project's ecs-params file; nil when it needs none.
func (p project) params() map[string]any {
	services := map[string]any{}
	for _, s := range p.Services {
		if s.Kind != "" {
			services[s.Name] = map[string]any{"kind": s.Kind}
		}
	}
	if len(services) == 0 {
		return nil
	}
	return map[string]any{"version": 1, "kubernetes": map[string]any{"services": services}}
}

// write writes the project's files into a folder that has only them.
func (p project) write(t *testing.T, dir string) {
	t.Helper()
	empty(t, dir)
	files := map[string]string{"docker-compose.yml": encode(t, p.compose())}
	if params := p.params(); params != nil {
		files["ecs-params.yml"] = encode(t, params)
	}
	for name, content := range p.Configs {
		files[name+".conf"] = content
	}
	for name, content := range p.Secrets {
		files[name+".secret"] = content
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// empty removes the files of a folder.
func empty(t *testing.T, dir string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	out, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// clone is a copy that shares nothing with the project.
func (p project) clone() project {
	p.Configs, p.Secrets, p.Volumes = maps.Clone(p.Configs), maps.Clone(p.Secrets), slices.Clone(p.Volumes)
	p.Services = slices.Clone(p.Services)
	for i, s := range p.Services {
		s.Env, s.DependsOn = maps.Clone(s.Env), maps.Clone(s.DependsOn)
		s.Configs, s.Secrets, s.Volumes = slices.Clone(s.Configs), slices.Clone(s.Secrets), slices.Clone(s.Volumes)
		p.Services[i] = s
	}
	return p
}

// canaries are the values that no output may have.
func (p project) canaries() []string {
	return slices.Collect(maps.Values(p.Secrets))
}
