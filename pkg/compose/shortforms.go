package compose

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// finding is what is wrong with a list item; the zero value is nothing.
type finding struct {
	code          diag.Code
	message, hint string
}

// itemCheck looks at one item of a list attribute of a service. value is its
// text with the variables replaced, and "" when the item is not text.
type itemCheck struct {
	attribute []string
	check     func(l *load, item *yaml.Node, value string) finding
}

// itemChecks are the lists that compose-go reads without telling where a
// faulty item stands.
func itemChecks() []itemCheck {
	return []itemCheck{
		{[]string{"ports"}, (*load).portItem},
		{[]string{"volumes"}, (*load).volumeItem},
		{[]string{"devices"}, deviceItem},
		{[]string{"extra_hosts"}, hostItem},
		{[]string{"environment"}, variableItem},
		{[]string{"build", "ssh"}, sshItem},
	}
}

// shortFormFaults checks the items of all lists that have a short form.
func (l *load) shortFormFaults() diag.List {
	var list diag.List
	for _, doc := range l.validated() {
		top, _ := lookup(doc.root, "services")
		for _, service := range entries(top.value) {
			for _, c := range itemChecks() {
				list.Add(l.itemFaults(doc, service, c)...)
			}
		}
	}
	return list
}

func (l *load) itemFaults(doc layer, service entry, c itemCheck) diag.List {
	path := append([]string{"services", service.key.Value}, c.attribute...)
	at := place{doc.file, service.key, service.value}
	for _, part := range c.attribute {
		at, _ = member(at, part)
	}
	var list diag.List
	for i, item := range sequence(at.value) {
		value, _ := text(item)
		found := c.check(l, deref(item), expandQuietly(value, l.inputs.env))
		if found.message == "" {
			continue
		}
		spelled := spell(extend(path, itoa(i)))
		d := diag.New(found.code, posOf(doc.file, item), spelled, "%s: %s", spelled, found.message)
		d.Hint = found.hint
		list.Add(d)
	}
	return list
}

const portHint = "write [[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL], as in 8080:80"

func (l *load) portItem(item *yaml.Node, value string) finding {
	if isMapping(item) {
		if l.hostAddressFault(item) {
			return finding{diag.InputPort, "host_ip is not an IP address", "write it as in 127.0.0.1"}
		}
		return finding{}
	}
	_, err := types.ParsePortConfig(value)
	if err == nil {
		return finding{}
	}
	for _, known := range []struct{ text, message string }{
		{"invalid containerPort", "the container's port is not a number from 1 to 65535"},
		{"invalid hostPort", "the published port is not a number from 1 to 65535"},
		{"invalid proto", "the protocol is not tcp, udp or sctp"},
		{"invalid IP", "what stands before the ports is not an IP address"},
		{"invalid ranges", "the published range and the container's range have different lengths"},
		{"no port specified", "the container's port is missing"},
	} {
		if strings.Contains(err.Error(), known.text) {
			return finding{diag.InputPort, known.message, portHint}
		}
	}
	return finding{diag.InputPort, "this is not a port", portHint}
}

func (l *load) volumeItem(item *yaml.Node, value string) finding {
	if isMapping(item) {
		if _, hasSource := lookup(item, "source"); field(item, "type") == types.VolumeTypeBind && !hasSource {
			return finding{diag.InputMount, "a bind mount has no source", "add source: PATH"}
		}
		return finding{}
	}
	_, err := format.ParseVolume(value)
	const hint = "write [SOURCE:]TARGET[:ro]"
	switch {
	case err == nil:
		return finding{}
	case strings.Contains(err.Error(), "too many colons"):
		return finding{diag.InputMount, "the volume has too many colons", hint}
	case strings.Contains(err.Error(), "empty section"):
		return finding{diag.InputMount, "the volume has nothing between two colons", hint}
	}
	return finding{diag.InputMount, "this is not a volume", hint}
}

func deviceItem(_ *load, item *yaml.Node, value string) finding {
	if isMapping(item) || strings.Count(value, ":") < 3 {
		return finding{}
	}
	return finding{diag.InputInvalidValue, "the device has too many colons", "write it with source:, target: and permissions:"}
}

func hostItem(_ *load, item *yaml.Node, value string) finding {
	if isMapping(item) || strings.ContainsAny(value, "=:") {
		return finding{}
	}
	return finding{diag.InputInvalidValue, "the host has no address", "write NAME=ADDRESS"}
}

func variableItem(_ *load, _ *yaml.Node, value string) finding {
	name, _, _ := strings.Cut(value, "=")
	if name == "" || !unicode.IsSpace(rune(name[len(name)-1])) {
		return finding{}
	}
	return finding{diag.InputInvalidValue, "the name of the variable ends in a space", "remove the space before the `=`"}
}

func sshItem(_ *load, _ *yaml.Node, value string) finding {
	if value == "default" || strings.Contains(value, "=") {
		return finding{}
	}
	return finding{diag.InputInvalidValue, "the key has no path", "write default, or NAME=PATH"}
}

// portFaults checks the numbers of ports in long form and of expose, which
// compose-go takes as they are.
func (l *load) portFaults(model *types.Project) diag.List {
	r := &relations{model: model, at: l.positions}
	for _, name := range sortedKeys(model.Services) {
		s := model.Services[name]
		for i, port := range s.Ports {
			path := servicePath(s, "ports", itoa(i))
			switch {
			case port.Target < 1 || port.Target > 65535:
				r.fault(diag.InputPort, path, "correct target", "%s: the container's port is not a number from 1 to 65535", spell(path))
			case port.Published != "" && !isPortRange(port.Published, 0):
				r.fault(diag.InputPort, path, "correct published", "%s: the published port is neither a number from 0 to 65535 nor a range of them", spell(path))
			}
		}
		for i, port := range s.Expose {
			path := servicePath(s, "expose", itoa(i))
			number, protocol, hasProtocol := strings.Cut(port, "/")
			if !isPortRange(number, 1) || hasProtocol && !slices.Contains([]string{"tcp", "udp", "sctp"}, strings.ToLower(protocol)) {
				r.fault(diag.InputPort, path, "write PORT or FIRST-LAST, with /tcp, /udp or /sctp", "%s is not a port of the container", spell(path))
			}
		}
	}
	return r.list
}

// isPortRange accepts PORT and FIRST-LAST, none below least. A published port 0
// stands for any free port.
func isPortRange(s string, least uint64) bool {
	first, last, isRange := strings.Cut(s, "-")
	low, err := strconv.ParseUint(first, 10, 16)
	if err != nil || low < least || !isRange {
		return err == nil && low >= least
	}
	high, err := strconv.ParseUint(last, 10, 16)
	return err == nil && low <= high
}
