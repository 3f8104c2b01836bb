package render

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// claimsHint is the way out for a folder of data that is bound from the machine.
func claimsHint(target string) string {
	return "use a named volume for data, or leave the bind to Docker and name the volume in its place with x-gantry: {claims: {" + target + ": VOLUME}}"
}

// claimBinds returns the project with the binds that x-gantry.claims names
// replaced by the volumes that stand for them on a cluster. The file keeps its
// binds, so that docker compose goes on with the folders of the machine.
func claimBinds(p *compose.Project, disk Disk) (*compose.Project, diag.List) {
	b := bindClaims{project: p, disk: disk}
	services, jobs := types.Services{}, types.Jobs{}
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		if claims := claimsOf(service.Extensions); len(claims) > 0 {
			service.Volumes = b.replace([]string{"services", name}, service.Volumes, claims)
			services[name] = service
		}
	}
	for _, name := range sortedKeys(p.Jobs) {
		job := p.Jobs[name]
		if claims := claimsOf(job.Extensions); len(claims) > 0 {
			job.Volumes = b.replace([]string{"jobs", name}, job.Volumes, claims)
			jobs[name] = job
		}
	}
	if len(services)+len(jobs) == 0 {
		return p, nil
	}
	model := *p.Project
	model.Services, model.Jobs = maps.Clone(p.Services), maps.Clone(p.Jobs)
	maps.Copy(model.Services, services)
	maps.Copy(model.Jobs, jobs)
	claimed := *p
	claimed.Project = &model
	return &claimed, b.diags
}

// claimsOf reads x-gantry.claims: volumes by path in the container.
func claimsOf(extensions types.Extensions) map[string]any {
	claims, _ := extensionBlock(extensions)["claims"].(map[string]any)
	return claims
}

// bindClaims replaces the binds of services and jobs.
type bindClaims struct {
	project *compose.Project
	disk    Disk
	diags   diag.List
}

// replace returns the volumes of the service or job at element with its claims
// in place of binds.
func (b *bindClaims) replace(element []string, volumes []types.ServiceVolumeConfig, claims map[string]any) []types.ServiceVolumeConfig {
	out := slices.Clone(volumes)
	for _, target := range sortedKeys(claims) {
		at := append(slices.Clone(element), ExtensionKey, "claims", target)
		i := slices.IndexFunc(out, func(v types.ServiceVolumeConfig) bool {
			return v.Type == types.VolumeTypeBind && path.Clean(v.Target) == path.Clean(target)
		})
		name := fmt.Sprint(claims[target])
		_, declared := b.project.Volumes[name]
		switch {
		case i < 0:
			b.report(diag.CodeExtension, at, "nothing of this machine is mounted at %s", target).Hint = b.targets(volumes)
		case !declared:
			b.report(diag.CodeExtension, at, "the top-level volumes section does not declare %q", name).Hint = "declare it: volumes: {" + name + ": {}}"
		default:
			b.reportContent(out[i], at, name)
			out[i] = types.ServiceVolumeConfig{Type: types.VolumeTypeVolume, Source: name, Target: out[i].Target, ReadOnly: out[i].ReadOnly}
		}
	}
	return out
}

// targets tells what x-gantry.claims may name.
func (b *bindClaims) targets(volumes []types.ServiceVolumeConfig) string {
	var targets []string
	for _, v := range volumes {
		if v.Type == types.VolumeTypeBind {
			targets = append(targets, v.Target)
		}
	}
	if len(targets) == 0 {
		return "remove it"
	}
	return "write the path in the container, one of " + strings.Join(targets, ", ")
}

// reportContent tells of data that stays on this machine.
func (b *bindClaims) reportContent(v types.ServiceVolumeConfig, at []string, name string) {
	info, err := b.disk.Stat(v.Source)
	if err != nil {
		return
	}
	if info.IsDir() {
		if entries, err := b.disk.ReadDir(v.Source); err == nil && len(entries) == 0 {
			return
		}
	}
	b.report(diag.CodeBindContent, at, "what %s holds stays on this machine: the volume %s starts empty", displayPath(b.project.WorkingDir, v.Source), name).
		Hint = "copy what is needed with `gantry compose cp`"
}

func (b *bindClaims) report(code diag.Code, at []string, format string, args ...any) *diag.Diagnostic {
	b.diags.Add(diag.New(code, b.project.Pos(at...), pathString(at), format, args...))
	return &b.diags[len(b.diags)-1]
}
