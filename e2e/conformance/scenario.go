package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// Scenario is a Compose project and the behaviours that are observed in it.
type Scenario struct {
	// Name is the folder's.
	Name string `yaml:"-"`
	// Dir holds the Compose file and what it refers to.
	Dir string `yaml:"-"`
	// Title heads the scenario's part of the page.
	Title string `yaml:"title"`
	// About says what the project is made of, for readers.
	About string `yaml:"about"`
	// Up are further arguments of the first `up`.
	Up         []string    `yaml:"up"`
	Behaviours []Behaviour `yaml:"behaviours"`
}

// Behaviour is one line of the page.
type Behaviour struct {
	Behaviour string `yaml:"behaviour"`
	// Attribute is the Compose attribute, as in docs/support.md.
	Attribute string `yaml:"attribute"`
	// Docker says what Docker does, Source where its documentation says so.
	Docker  string        `yaml:"docker"`
	Source  string        `yaml:"source"`
	When    []Step        `yaml:"when"`
	Observe []Observation `yaml:"observe"`
	Differs *Difference   `yaml:"differs"`
}

// Difference is a known one: what is observed instead, and why.
type Difference struct {
	Why     string        `yaml:"why"`
	Observe []Observation `yaml:"observe"`
}

// Step is something that is done before behaviours are observed; one field is set.
type Step struct {
	// Gantry are the arguments of `gantry compose`, which must succeed.
	Gantry []string `yaml:"gantry"`
	// Kubectl are arguments of kubectl, which must succeed.
	Kubectl []string `yaml:"kubectl"`
	// Copy puts the first file in the place of the second.
	Copy []string `yaml:"copy"`
	// In and Do let the container of a service do an action of the probe.
	In string   `yaml:"in"`
	Do []string `yaml:"do"`
	// Load begins to send requests to a URL without a pause; an observation
	// with `load: true` ends it and sees what came of them.
	Load string `yaml:"load"`
	// Await are observations that must come true before it goes on.
	Await []Observation `yaml:"await"`
}

// Observation is a look at the world; one of its sources is set.
type Observation struct {
	// In is a service, whose container reports, or does the action Do.
	In string   `yaml:"in"`
	Do []string `yaml:"do"`
	// Exec runs the action as a process of its own in the container.
	Exec bool `yaml:"exec"`
	// Outside is an action of the probe on the host, as a client of the cluster.
	Outside []string `yaml:"outside"`
	// Log is a service whose last report in its output is looked at.
	Log string `yaml:"log"`
	// Gantry is a command `gantry compose`: {exit, out, err}.
	Gantry []string `yaml:"gantry"`
	// Pod is the state of a service's pods: {count, ready, restarts, names, node}.
	Pod string `yaml:"pod"`
	// Claims are the project's volumes: {count, names}.
	Claims bool `yaml:"claims"`
	// Load ends what the step of that name began: {requests, failed}.
	Load bool `yaml:"load"`
	// Within is how long it may take until it is seen, and For for how long it
	// must be seen from then on.
	Within Duration `yaml:"within"`
	For    Duration `yaml:"for"`
	// See are the checks by path, in the order of the file.
	See Sights `yaml:"see"`
}

// Duration is a time in Go's notation, such as 1m30s.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := time.ParseDuration(node.Value)
	*d = Duration(parsed)
	return err
}

// Load reads all scenarios below a folder, sorted by name.
func Load(root string) ([]Scenario, error) {
	files, err := filepath.Glob(filepath.Join(root, "*", "observe.yaml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	scenarios := make([]Scenario, 0, len(files))
	for _, file := range files {
		s, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		scenarios = append(scenarios, s)
	}
	return scenarios, nil
}

func read(file string) (Scenario, error) {
	s := Scenario{Dir: filepath.Dir(file), Name: filepath.Base(filepath.Dir(file))}
	data, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return s, err
	}
	return s, s.validate()
}

// validate finds behaviours that could not fail or that say too little.
func (s Scenario) validate() error {
	var errs []error
	if s.Title == "" || len(s.Behaviours) == 0 {
		errs = append(errs, errors.New("a scenario has a title and behaviours"))
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "docker-compose.yml")); errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, errors.New("there is no docker-compose.yml"))
	}
	for _, b := range s.Behaviours {
		if b.Behaviour == "" || b.Attribute == "" || b.Docker == "" || b.Source == "" {
			errs = append(errs, fmt.Errorf("%q: behaviour, attribute, docker and source are needed", b.Behaviour))
		}
		all := [][]Observation{b.Observe}
		if b.Differs != nil {
			if b.Differs.Why == "" {
				errs = append(errs, fmt.Errorf("%q: a difference has a reason", b.Behaviour))
			}
			all = append(all, b.Differs.Observe)
		}
		for _, observations := range all {
			if err := checkObservations(observations); err != nil {
				errs = append(errs, fmt.Errorf("%q: %w", b.Behaviour, err))
			}
		}
	}
	return errors.Join(errs...)
}

func checkObservations(observations []Observation) error {
	if len(observations) == 0 {
		return errors.New("nothing is observed")
	}
	for _, o := range observations {
		if len(o.See) == 0 {
			return errors.New("an observation sees nothing")
		}
		sources := 0
		for _, set := range []bool{o.In != "", len(o.Outside) > 0, o.Log != "", len(o.Gantry) > 0, o.Pod != "", o.Claims, o.Load} {
			if set {
				sources++
			}
		}
		if sources != 1 {
			return fmt.Errorf("an observation has one source, not %d", sources)
		}
	}
	return nil
}
