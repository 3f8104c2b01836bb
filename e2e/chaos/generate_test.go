package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// generator draws projects and edits of them.
type generator struct {
	*rand.Rand
	serial int
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
}

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// next makes a name that the run has not had.
func (g *generator) next(prefix string) string {
	g.serial++
	return fmt.Sprintf("%s%d", prefix, g.serial)
}

// project draws a project of 2 to 8 services.
func (g *generator) project(name string) project {
	p := project{Name: name, Configs: map[string]string{}, Secrets: map[string]string{}}
	for range g.IntN(4) {
		p.Configs[g.next("conf")] = g.next("content ")
	}
	for range g.IntN(3) {
		p.Secrets[g.next("key")] = g.canary()
	}
	for range 2 + g.IntN(7) {
		p.Services = append(p.Services, g.service(&p))
	}
	return p
}

// canary is a secret value that can be searched for.
func (g *generator) canary() string { return fmt.Sprintf("canary-%016x", g.Uint64()) }

// service draws a service that depends on some of the project's others.
func (g *generator) service(p *project) service {
	s := service{Name: g.next([]string{"web", "db", "worker-", "api"}[g.IntN(4)]), Env: map[string]string{}, DependsOn: map[string]string{}}
	s.Image = g.next("img")
	s.OneShot = g.chance(6)
	s.Health = !s.OneShot && !g.chance(3)
	s.Env["SERIAL"] = g.next("v")
	g.uses(&s, p)
	if s.OneShot {
		return s
	}
	g.exposes(&s)
	switch g.IntN(8) {
	case 0:
		s.Kind = "StatefulSet"
	case 1:
		// A claim of one node cannot follow a pod to every node.
		if len(s.Volumes) == 0 {
			s.Kind = "DaemonSet"
		}
	}
	if g.chance(2) && s.Kind != "DaemonSet" && len(s.Volumes) == 0 {
		n := 1 + g.IntN(3)
		s.Replicas = &n
	}
	for _, other := range p.Services {
		if g.chance(4) {
			s.DependsOn[other.Name] = condition(g, other)
		}
	}
	return s
}

func (g *generator) exposes(s *service) {
	if g.chance(6) {
		s.Port = 20000 + g.IntN(20000)
	}
	if g.chance(3) {
		s.Expose = 80 + g.IntN(1000)
	}
}

// uses draws what the service mounts.
func (g *generator) uses(s *service, p *project) {
	for _, name := range sorted(p.Configs) {
		if g.chance(2) {
			s.Configs = append(s.Configs, name)
		}
	}
	for _, name := range sorted(p.Secrets) {
		if g.chance(3) {
			s.Secrets = append(s.Secrets, name)
		}
	}
	if g.chance(4) {
		volume := g.next("data")
		p.Volumes = append(p.Volumes, volume)
		s.Volumes = append(s.Volumes, volume)
	}
}

func condition(g *generator, on service) string {
	switch {
	case on.OneShot:
		return "service_completed_successfully"
	case on.Health && g.chance(2):
		return "service_healthy"
	default:
		return "service_started"
	}
}

// edit changes one to four things about the project.
func (g *generator) edit(old project) project {
	p := old.clone()
	for range 1 + g.IntN(4) {
		i := g.IntN(len(p.Services))
		edits := []func(*project, int){g.newImage, g.newImage, g.newCount, g.newContent, g.newSecret, g.addService, g.dropService, g.rename, g.newPort, g.addVolume, g.dropVolume, g.newHealth}
		edits[g.IntN(len(edits))](&p, i)
	}
	return p
}

func (g *generator) newImage(p *project, i int) { p.Services[i].Image = g.next("img") }

func (g *generator) newCount(p *project, i int) {
	s := &p.Services[i]
	if s.OneShot || s.Kind == "DaemonSet" || len(s.Volumes) > 0 {
		s.Env["SERIAL"] = g.next("v")
		return
	}
	n := 1 + g.IntN(4)
	s.Replicas = &n
}

func (g *generator) newContent(p *project, _ int) {
	for _, name := range sorted(p.Configs) {
		p.Configs[name] = g.next("content ")
		return
	}
}

func (g *generator) newSecret(p *project, _ int) {
	for _, name := range sorted(p.Secrets) {
		p.Secrets[name] = g.canary()
		return
	}
}

func (g *generator) addService(p *project, _ int) {
	p.Services = append(p.Services, g.service(p))
}

func (g *generator) dropService(p *project, i int) {
	if len(p.Services) < 3 {
		return
	}
	name := p.Services[i].Name
	p.Services = slices.Delete(p.Services, i, i+1)
	for j := range p.Services {
		delete(p.Services[j].DependsOn, name)
	}
}

func (g *generator) rename(p *project, i int) {
	old, name := p.Services[i].Name, g.next("renamed")
	p.Services[i].Name = name
	for j := range p.Services {
		if c, ok := p.Services[j].DependsOn[old]; ok {
			delete(p.Services[j].DependsOn, old)
			p.Services[j].DependsOn[name] = c
		}
	}
}

func (g *generator) newPort(p *project, i int) {
	if s := &p.Services[i]; s.Expose > 0 {
		s.Expose = 0
	} else if !s.OneShot {
		s.Expose = 80 + g.IntN(1000)
	}
}

func (g *generator) addVolume(p *project, i int) {
	s := &p.Services[i]
	if s.Replicas != nil || s.OneShot || s.Kind == "DaemonSet" {
		return
	}
	volume := g.next("data")
	p.Volumes = append(p.Volumes, volume)
	s.Volumes = append(s.Volumes, volume)
}

func (g *generator) dropVolume(p *project, i int) {
	s := &p.Services[i]
	for _, v := range s.Volumes {
		p.Volumes = slices.DeleteFunc(p.Volumes, func(have string) bool { return have == v })
	}
	s.Volumes = nil
}

func (g *generator) newHealth(p *project, i int) {
	for _, s := range p.Services {
		if s.DependsOn[p.Services[i].Name] == "service_healthy" {
			return
		}
	}
	p.Services[i].Health = !p.Services[i].Health && !p.Services[i].OneShot
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
