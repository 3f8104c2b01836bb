package explain

import (
	"slices"
	"strings"
	"testing"
)

func names(known ...string) Names {
	return func(section, name string) bool { return slices.Contains(known, section+"."+name) }
}

func TestFind(t *testing.T) {
	topics := Topics()
	for _, c := range []struct {
		word, want string
		unique     bool
		known      []string
	}{
		{word: "services", want: "services", unique: true},
		{word: "service", want: "services", unique: true},
		{word: "services.web", want: "services.*", unique: true},
		{word: "services.*", want: "services.*", unique: true},
		{word: "services.healthcheck", want: "services.*.healthcheck", unique: true},
		{word: "services.healthcheck", want: "services.*", unique: true, known: []string{"services.healthcheck"}},
		{word: "services.healthcheck.ports", want: "services.*.ports", unique: true, known: []string{"services.healthcheck"}},
		{word: "services.healthcheck.start_interval", want: "services.*.healthcheck.start_interval", unique: true},
		{word: "services.*.healthcheck.start_interval", want: "services.*.healthcheck.start_interval", unique: true},
		{word: "services.web.healthcheck.startInterval", want: "services.*.healthcheck.start_interval", unique: true},
		{word: "start_interval", want: "services.*.healthcheck.start_interval", unique: true},
		{word: "healthcheck", want: "services.*.healthcheck", unique: true},
		{word: "services.ports", want: "services.*.ports", unique: true},
		{word: "service.port", want: "services.*.ports", unique: true},
		{word: "svc.web.ports[0].target", want: "services.*.ports.[].target", unique: true},
		{word: "ports[].target", want: "services.*.ports.[].target", unique: true},
		{word: "ports.target", want: "services.*.ports.[].target", unique: true},
		{word: "services.my.app.image", want: "services.*.image", unique: true, known: []string{"services.my.app"}},
		{word: "services.web.labels.com.example.a", want: "services.*.labels.*", unique: true},
		{word: "volumes", want: "volumes", unique: true},
		{word: "volumes.data.driver", want: "volumes.*.driver", unique: true},
		{word: "networks.default.aliases", want: "services.*.networks.*.aliases", unique: true},
		{word: "jobs.nightly.image", want: "jobs.*.image", unique: true},
		{word: "jobs.nightly.triggers.schedule[0].cron", want: "jobs.*.triggers.schedule.[].cron", unique: true},
		{word: "params.task_definition.services.web.mem_limit", want: "params.task_definition.services.*.mem_limit", unique: true},
		{word: "task_definition.task_size", want: "params.task_definition.task_size", unique: true},
		{word: "ecs-params.kubernetes", want: "params.kubernetes", unique: true},
		{word: "services.web.x-gantry.allow", want: "x-gantry.allow", unique: true},
		{word: "external", want: "configs.*.external"},
		{word: "mode", want: "services.*.configs.[].mode"},
	} {
		q := NewQuery(c.word, names(c.known...))
		found := Find(topics, q)
		switch {
		case len(found) == 0:
			t.Errorf("%s: nothing found, want %s", c.word, c.want)
		case found[0].Path != c.want || Unique(found, q) != c.unique:
			t.Errorf("%s: %s, unique %v, want %s, unique %v", c.word, found[0].Path, Unique(found, q), c.want, c.unique)
		}
	}
}

// TestEveryTopicIsFound: each path is found by itself, with the user's own names
// in place of * and with the items of lists numbered, and leads back to a place.
func TestEveryTopicIsFound(t *testing.T) {
	topics := Topics()
	if len(topics) < 700 {
		t.Fatalf("only %d topics", len(topics))
	}
	for _, topic := range topics {
		word := strings.ReplaceAll(strings.ReplaceAll(topic.Path, "[]", "[0]"), "*", "a1b")
		q := NewQuery(word, nil)
		found := Find(topics, q)
		if len(found) == 0 || found[0].Path != topic.Path {
			t.Errorf("%s finds %v", word, found)
			continue
		}
		if place, ok := q.Place(topic); !ok || len(place) == 0 {
			t.Errorf("%s has no place: %v", word, place)
		}
		if topic.Doc == "" {
			t.Errorf("%s: nothing to say", topic.Path)
		}
	}
}

func TestNearest(t *testing.T) {
	topics := Topics()
	for word, want := range map[string]string{
		"prots":                           "ports",
		"services.web.healthchek":         "services.web.healthcheck",
		"healthcheck.start_intervall":     "healthcheck.start_interval",
		"params.task_definition.task_siz": "params.task_definition.task_size",
		"volumes.data.drvier":             "volumes.data.driver",
		"zzzzzz":                          "",
	} {
		q := NewQuery(word, nil)
		if found := Find(topics, q); len(found) > 0 {
			t.Errorf("%s finds %s", word, found[0].Path)
		}
		if got := Nearest(topics, q); got != want {
			t.Errorf("nearest to %s: %q, want %q", word, got, want)
		}
	}
}

func TestMistyped(t *testing.T) {
	topics := Topics()
	for word, want := range map[string]string{
		"services.healthchek": "services.healthcheck",
		"services.web":        "", "services.api": "", "services.*": "", "services.frontend": "",
		"services.known1": "",
	} {
		q := NewQuery(word, names("services.known1"))
		if got := Mistyped(topics, Find(topics, q)[0], q); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	topics := Topics()
	for _, c := range []struct{ word, want string }{
		{"services.web.ports", "services web ports"},
		{"service.web.port[1].target", "services web ports 1 target"},
		{"services.web.ports.target", "services web ports"},
		{"services.web.ports[0]", "services web ports 0"},
		{"services.my.app.depends_on.db.condition", "services my.app depends_on db condition"},
		{"services.web.labels.com.example.a", "services web labels com.example.a"},
		{"services.ports", ""}, {"ports", ""}, {"services.*.ports", ""},
	} {
		q := NewQuery(c.word, names("services.my.app", "services.web"))
		place, ok := q.Place(Find(topics, q)[0])
		if got := strings.Join(place, " "); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %q %v, want %q", c.word, got, ok, c.want)
		}
	}
}

func TestTypesAndChildren(t *testing.T) {
	topics := Topics()
	find := func(path string) Topic {
		i := slices.IndexFunc(topics, func(t Topic) bool { return t.Path == path })
		if i < 0 {
			t.Fatalf("no topic %s", path)
		}
		return topics[i]
	}
	for path, want := range map[string]string{
		"services":                                  "map[string]Object",
		"services.*.ports":                          "[]Object",
		"services.*.command":                        "[]string | string",
		"services.*.environment":                    "map[string]string | []string",
		"services.*.healthcheck":                    "Object",
		"services.*.stop_grace_period":              "string",
		"params.kubernetes.services":                "map[string]Object",
		"params.task_definition.services.*.secrets": "[]Object",
	} {
		if got := find(path).Type; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	var below []string
	for _, c := range Children(topics, find("services.*.healthcheck")) {
		below = append(below, c.Name())
	}
	want := []string{"disable", "interval", "retries", "start_interval", "start_period", "test", "timeout"}
	if !slices.Equal(below, want) {
		t.Errorf("below healthcheck: %v, want %v", below, want)
	}
	if services := Children(topics, find("services")); len(services) < 90 {
		t.Errorf("only %d attributes of a service", len(services))
	}
}
