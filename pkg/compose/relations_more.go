package compose

import (
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// numbers checks attributes that have an older and a newer spelling.
func (r *relations) numbers(s types.ServiceConfig) {
	r.replicas(s)
	if s.Deploy == nil {
		return
	}
	if limits := s.Deploy.Resources.Limits; limits != nil {
		r.differ(s, "cpus", "deploy.resources.limits.cpus", s.CPUS != 0 && limits.NanoCPUs.Value() != s.CPUS)
		r.differ(s, "mem_limit", "deploy.resources.limits.memory", s.MemLimit != 0 && limits.MemoryBytes != s.MemLimit)
		r.differ(s, "pids_limit", "deploy.resources.limits.pids", s.PidsLimit != 0 && limits.Pids != s.PidsLimit)
	}
	if reservations := s.Deploy.Resources.Reservations; reservations != nil {
		r.differ(s, "mem_reservation", "deploy.resources.reservations.memory", s.MemReservation != 0 && reservations.MemoryBytes != s.MemReservation)
	}
}

func (r *relations) replicas(s types.ServiceConfig) {
	var declared *int
	if s.Deploy != nil {
		declared = s.Deploy.Replicas
	}
	r.differ(s, "scale", "deploy.replicas", s.Scale != nil && declared != nil && *s.Scale != *declared)
	r.negative(s, s.Scale, "scale")
	r.negative(s, declared, "deploy", "replicas")
	if s.ContainerName != "" && s.GetScale() > 1 {
		r.fault(diag.InputConflict, servicePath(s, "container_name"), "remove container_name, or run one",
			"services.%s.container_name can be used once only, and there is more than one replica", s.Name)
	}
}

func (r *relations) negative(s types.ServiceConfig, n *int, attribute ...string) {
	if n != nil && *n < 0 {
		path := servicePath(s, attribute...)
		r.fault(diag.InputInvalidValue, path, "write 0 or more", "%s is less than 0", spell(path))
	}
}

func (r *relations) differ(s types.ServiceConfig, old, successor string, differs bool) {
	if differs {
		r.fault(diag.InputConflict, servicePath(s, old), "keep one of them, or write the same",
			"services.%s.%s and %s have different values", s.Name, old, successor)
	}
}

// mounts checks that every path in the container is mounted once, and that
// develop.watch says where to copy to.
func (r *relations) mounts(s types.ServiceConfig) {
	first := map[string][]string{}
	add := func(target string, path []string) {
		if other, taken := first[target]; taken {
			r.fault(diag.InputMountTwice, path, "remove one of them, or change its target",
				"%s mounts %s, where %s is mounted already", spell(path), target, spell(other))
			return
		}
		first[target] = path
	}
	for i, t := range s.Tmpfs {
		target, _, _ := strings.Cut(t, ":")
		add(target, servicePath(s, "tmpfs", itoa(i)))
	}
	for i, v := range s.Volumes {
		add(v.Target, servicePath(s, "volumes", itoa(i)))
	}
	if s.Develop == nil {
		return
	}
	for i, w := range s.Develop.Watch {
		if w.Target == "" && w.Action != types.WatchActionRebuild && w.Action != types.WatchActionRestart {
			path := servicePath(s, "develop", "watch", itoa(i))
			r.fault(diag.InputInvalidValue, path, "add target: PATH", "%s has a sync action without target", spell(path))
		}
	}
}

func (r *relations) job(name string, j types.JobConfig) {
	_, isService := r.anyService(name)
	if isService {
		r.fault(diag.InputConflict, []string{"jobs", name}, "rename one of them", "%s is the name of a service and of a job", name)
	}
	for _, dependency := range sortedKeys(j.DependsOn) {
		r.dependency("jobs", name, dependency, j.DependsOn[dependency].Required)
	}
}

func (r *relations) secret(name string, s types.SecretConfig) {
	if !bool(s.External) && s.File == "" && s.Environment == "" {
		r.fault(diag.InputInvalidValue, []string{"secrets", name}, "set file, environment or external: true",
			"secrets.%s says nothing about where its content comes from", name)
	}
}

// cycles reports every circle of dependencies once, from its first name on.
func (r *relations) cycles() {
	const visiting, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(string)
	visit = func(name string) {
		state[name] = visiting
		trail = append(trail, name)
		for _, next := range sortedKeys(r.model.Services[name].DependsOn) {
			switch state[next] {
			case visiting:
				r.cycle(trail[slices.Index(trail, next):])
			case 0:
				visit(next)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for _, name := range sortedKeys(r.model.Services) {
		if state[name] == 0 {
			visit(name)
		}
	}
}

func (r *relations) cycle(names []string) {
	circle := append(slices.Clone(names), names[0])
	path := r.edgePath("services", names[len(names)-1], names[0])
	r.fault(diag.InputDependencyCycle, path, "remove one of the dependencies", "services wait for each other: %s", strings.Join(circle, " -> "))
}

// selectionFaults checks the services that were named on the command line.
func (l *load) selectionFaults(model *types.Project) diag.List {
	r := &relations{model: model, at: l.positions}
	for _, name := range l.options.Services {
		if _, ok := r.anyService(name); !ok {
			r.list.Add(diag.New(diag.InputNoSuchService, diag.Pos{}, "", "no such service: %s", name).
				WithHint("%s", r.selectionHint(name)))
		}
	}
	return r.list
}

func (r *relations) selectionHint(name string) string {
	known := append(sortedKeys(r.model.Services), sortedKeys(r.model.DisabledServices)...)
	if near := nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "the project has " + joinAnd(slices.Sorted(slices.Values(known)))
}

// envFileFaults reports env and label files that cannot be used.
func (l *load) envFileFaults(model *types.Project) diag.List {
	var list diag.List
	for _, name := range sortedKeys(model.Services) {
		s := model.Services[name]
		for i, f := range s.EnvFiles {
			if bool(f.Required) || exists(f.Path) {
				list.Add(l.envFileFault(f, "services", name, "env_file", itoa(i))...)
			}
		}
		for i, f := range s.LabelFiles {
			list.Add(l.envFileFault(types.EnvFile{Path: f}, "services", name, "label_file", itoa(i))...)
		}
	}
	return list
}

func (l *load) envFileFault(f types.EnvFile, path ...string) diag.List {
	pos := l.positions.nearest(path)
	if f.Format != "" && f.Format != "raw" {
		return diag.List{diag.New(diag.InputEnvFile, pos, spell(path), "%s has the format %s, which does not exist", spell(path), f.Format).
			WithHint("remove format, or write format: raw")}
	}
	var list diag.List
	quiet := new(recorder)
	quiet.listen(func() {
		if d, bad := checkEnvFile(l.inputs.env, envFile{f.Path, shorten(l.inputs.cwd, f.Path), f.Format}, pos, spell(path)); bad {
			list.Add(d)
		}
	})
	return list
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
