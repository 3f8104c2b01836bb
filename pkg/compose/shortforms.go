package compose

import (
	"os"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// shortFormFaults checks every port and volume in short form; compose-go's
// errors about them do not say where they stand.
func (l *load) shortFormFaults() diag.List {
	var list diag.List
	for _, doc := range l.validated() {
		top, _ := lookup(doc.root, "services")
		for _, service := range entries(top.value) {
			path := []string{"services", service.key.Value}
			list.Add(l.itemFaults(doc, service.value, extend(path, "ports"), l.portFault)...)
			list.Add(l.itemFaults(doc, service.value, extend(path, "volumes"), l.volumeFault)...)
		}
	}
	return list
}

// itemFaults runs a check over the texts of a list attribute.
func (l *load) itemFaults(doc layer, service *yaml.Node, path []string, check func(string) (diag.Code, string, string)) diag.List {
	e, ok := lookup(service, path[2])
	if value := deref(e.value); !ok || value == nil || value.Kind != yaml.SequenceNode {
		return nil
	}
	var list diag.List
	for i, item := range deref(e.value).Content {
		value, isText := text(item)
		if !isText {
			continue
		}
		if code, message, hint := check(expandQuietly(value, l.inputs.env)); message != "" {
			at := extend(path, itoa(i))
			d := diag.New(code, posOf(doc.file, item), spell(at), "%s: %s", spell(at), message)
			d.Hint = hint
			list.Add(d)
		}
	}
	return list
}

const portHint = "write [[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL], as in 8080:80"

func (l *load) portFault(value string) (diag.Code, string, string) {
	_, err := types.ParsePortConfig(value)
	if err == nil {
		return "", "", ""
	}
	message := "this is not a port"
	for _, known := range []struct{ text, message string }{
		{"invalid containerPort", "the container's port is not a number from 1 to 65535"},
		{"invalid hostPort", "the published port is not a number from 1 to 65535"},
		{"invalid proto", "the protocol is not tcp, udp or sctp"},
		{"invalid IP", "what stands before the ports is not an IP address"},
		{"invalid ranges", "the published range and the container's range have different lengths"},
		{"no port specified", "the container's port is missing"},
		{"invalid start", "the range does not start with a number"},
	} {
		if strings.Contains(err.Error(), known.text) {
			message = known.message
			break
		}
	}
	return diag.InputPort, message, portHint
}

func (l *load) volumeFault(value string) (diag.Code, string, string) {
	_, err := format.ParseVolume(value)
	const hint = "write [SOURCE:]TARGET[:ro]"
	switch {
	case err == nil:
		return "", "", ""
	case strings.Contains(err.Error(), "too many colons"):
		return diag.InputMount, "the volume has too many colons", hint
	case strings.Contains(err.Error(), "empty section"):
		return diag.InputMount, "the volume has nothing between two colons", hint
	}
	return diag.InputMount, "this is not a volume", hint
}

// portFaults checks the numbers of ports in long form, which compose-go takes
// as they are.
func (l *load) portFaults(model *types.Project) diag.List {
	var list diag.List
	for _, name := range sortedKeys(model.Services) {
		for i, port := range model.Services[name].Ports {
			path := []string{"services", name, "ports", itoa(i)}
			message := ""
			switch {
			case port.Target < 1 || port.Target > 65535:
				message = "the container's port is not a number from 1 to 65535"
			case port.Published != "" && !isPortRange(port.Published):
				message = "the published port is neither a number from 0 to 65535 nor a range of them"
			default:
				continue
			}
			list.Add(diag.New(diag.InputPort, l.positions.nearest(path), spell(path), "%s: %s", spell(path), message).
				WithHint("correct target or published"))
		}
	}
	return list
}

// isPortRange accepts PORT and FIRST-LAST. Port 0 stands for any free port.
func isPortRange(s string) bool {
	first, last, isRange := strings.Cut(s, "-")
	low, err := strconv.ParseUint(first, 10, 16)
	if err != nil || !isRange {
		return err == nil
	}
	high, err := strconv.ParseUint(last, 10, 16)
	return err == nil && low <= high
}
