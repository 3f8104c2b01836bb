package cli

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/pkg/compose"
)

// parseScale reads SERVICE=N words.
func parseScale(words []string) (map[string]int, error) {
	out := map[string]int{}
	for _, word := range words {
		name, count, ok := strings.Cut(word, "=")
		n, err := parseCount(count)
		if !ok || name == "" || err != nil {
			return nil, usagef("want SERVICE=N, such as web=3, got %q", word)
		}
		out[name] = n
	}
	return out, nil
}

func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// setScale overrides the replica counts of a project's services.
func setScale(p *compose.Project, counts map[string]int) error {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		service, ok := p.Services[name]
		if !ok {
			return noSuchService(name, p.ServiceNames())
		}
		service.SetScale(counts[name])
		p.Services[name] = service
	}
	return nil
}
