package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gantry-dev/gantry/pkg/image"
)

// rawConfig is what is read of a configuration (OCI Image Configuration, and
// Docker's Healthcheck with its StartInterval). What is not named here, such
// as Env and Labels, is never looked at.
type rawConfig struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
	Config       struct {
		User         string
		ExposedPorts map[string]struct{}
		Volumes      map[string]struct{}
		Entrypoint   []string
		Cmd          []string
		WorkingDir   string
		StopSignal   string
		Healthcheck  *struct {
			Test                                          []string
			Interval, Timeout, StartPeriod, StartInterval time.Duration
			Retries                                       int
		}
	} `json:"config"`
}

func parseConfig(data []byte) (image.Config, error) {
	var raw rawConfig
	if err := json.Unmarshal(data, &raw); err != nil {
		return image.Config{}, &Fault{Kind: Unreadable, Message: "has a configuration that is not JSON: " + oneLine(err.Error()), err: err}
	}
	id, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return image.Config{}, err
	}
	c := raw.Config
	out := image.Config{
		ID: id.String(), StopSignal: clean(c.StopSignal), WorkingDir: clean(c.WorkingDir),
		Entrypoint: cleanAll(c.Entrypoint), Cmd: cleanAll(c.Cmd), Expose: exposed(c.ExposedPorts), Volumes: volumes(c.Volumes),
	}
	if user := clean(c.User); user != "" {
		out.User = &image.User{Name: user}
	}
	if h := c.Healthcheck; h != nil && len(h.Test) > 0 {
		out.Healthcheck = &image.Healthcheck{
			Test: cleanAll(h.Test), Interval: max(h.Interval, 0), Timeout: max(h.Timeout, 0),
			StartPeriod: max(h.StartPeriod, 0), StartInterval: max(h.StartInterval, 0), Retries: min(max(h.Retries, 0), 1<<30),
		}
	}
	return out, nil
}

// madeFor is the platform of a configuration; "" if it does not say.
func madeFor(data []byte) string {
	var raw rawConfig
	if json.Unmarshal(data, &raw) != nil || raw.OS == "" || raw.Architecture == "" {
		return ""
	}
	return platformText(v1.Platform{OS: raw.OS, Architecture: raw.Architecture, Variant: raw.Variant})
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func cleanAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}

// exposed returns the ports of EXPOSE, sorted, many in a row as a range: some
// images expose thousands.
func exposed(ports map[string]struct{}) []string {
	byProtocol := map[string][]int32{}
	for text := range ports {
		if !strings.Contains(text, "/") {
			text += "/tcp"
		}
		first, last, protocol, ok := image.ParsePorts(strings.ToLower(text))
		for port := first; ok && port <= last; port++ {
			byProtocol[protocol] = append(byProtocol[protocol], port)
		}
	}
	var out []string
	for protocol, numbers := range byProtocol {
		slices.Sort(numbers)
		out = append(out, inRanges(slices.Compact(numbers), protocol)...)
	}
	slices.SortFunc(out, image.ComparePorts)
	return out
}

// minRange is how many ports in a row are written as a range.
const minRange = 8

func inRanges(numbers []int32, protocol string) []string {
	var out []string
	for i := 0; i < len(numbers); {
		end := i + 1
		for end < len(numbers) && numbers[end] == numbers[end-1]+1 {
			end++
		}
		if end-i < minRange {
			out = append(out, fmt.Sprintf("%d/%s", numbers[i], protocol))
			i++
			continue
		}
		out = append(out, fmt.Sprintf("%d-%d/%s", numbers[i], numbers[end-1], protocol))
		i = end
	}
	return out
}

func volumes(paths map[string]struct{}) []string {
	var out []string
	for path := range paths {
		if path = clean(path); path != "" {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
