package podsecurity

import (
	"slices"
	"strings"

	"k8s.io/pod-security-admission/api"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// rule is what stands behind a reason in the words of the admission.
type rule struct {
	reason string
	// attributes of a service that can be why.
	attributes []string
	// way is what to write against it; "" where something must be removed.
	way string
}

// rules are in the order of the advice that is made of them.
func rules() []rule {
	return []rule{
		{"privileged", []string{"privileged"}, ""},
		{"host namespaces", []string{"network_mode", "pid", "ipc"}, ""},
		{"hostPath volumes", []string{"volumes", "devices"}, ""},
		{"restricted volume types", []string{"volumes", "devices"}, ""},
		{"hostPort", []string{"ports"}, ""},
		{"non-default capabilities", []string{"cap_add"}, ""},
		{"hostProcess", []string{"isolation"}, ""},
		{"probe or lifecycle host", []string{"healthcheck"}, ""},
		{"procMount", []string{"security_opt"}, ""},
		{"seLinuxOptions", []string{"security_opt"}, ""},
		{"forbidden AppArmor profile", []string{"security_opt"}, ""},
		{"forbidden sysctls", []string{"sysctls"}, ""},
		{"seccompProfile", []string{"security_opt"}, "security_opt: [seccomp=runtime/default]"},
		{"runAsUser=0", []string{"user"}, `user: "UID"`},
		{"runAsNonRoot != true", []string{"user"}, `user: "UID"`},
		{"unrestricted capabilities", []string{"cap_add"}, "cap_drop: [ALL]"},
		{"allowPrivilegeEscalation != false", []string{"privileged"}, "security_opt: [no-new-privileges:true]"},
	}
}

// next is the level that a service's pods do not meet.
func (f Finding) next() api.Level {
	if f.Level == api.LevelPrivileged {
		return api.LevelBaseline
	}
	return api.LevelRestricted
}

// Next says which level is next and what to write or remove for it; "" where the
// strictest is met.
func (f Finding) Next() string {
	if f.Level == api.LevelRestricted {
		return ""
	}
	return string(f.next()) + ": " + f.advice()
}

// advice says what to write or remove for the next level.
func (f Finding) advice() string {
	if f.Service.Manifest {
		return "set these in the securityContext of its pod template, or patch it in"
	}
	var write, remove []string
	for _, r := range rules() {
		switch {
		case !slices.ContainsFunc(f.Reasons, func(reason string) bool { return strings.HasPrefix(reason, r.reason) }):
		case r.way != "" && !slices.Contains(write, r.way):
			write = append(write, r.way)
		case r.way == "":
			remove = append(remove, r.reason)
		}
	}
	var parts []string
	if len(remove) > 0 {
		parts = append(parts, "do without "+strings.Join(remove, ", "))
	}
	if len(write) > 0 {
		parts = append(parts, "write "+strings.Join(write, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, " and ")
}

// causes are the attributes of the Compose file that keep a service's pods from
// the next level, each at its place.
func (f Finding) causes(p *compose.Project) diag.List {
	var out diag.List
	if p == nil {
		return nil
	}
	at := strings.SplitN(f.Service.Path, ".", 2)
	for _, r := range rules() {
		if !slices.ContainsFunc(f.Reasons, func(reason string) bool { return strings.HasPrefix(reason, r.reason) }) {
			continue
		}
		for _, attribute := range r.attributes {
			path := append(slices.Clone(at), attribute)
			if !p.Has(path...) || slices.ContainsFunc(out, func(d diag.Diagnostic) bool { return d.Path == strings.Join(path, ".") }) {
				continue
			}
			out.Add(diag.New(diag.CodePodSecurityCause, p.Pos(path...), strings.Join(path, "."), "keeps the pods from the Pod Security level %s (%s)", f.next(), r.reason))
		}
	}
	return out
}
