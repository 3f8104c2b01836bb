package compose

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func configProject(t *testing.T) *Project {
	dir := project(t, map[string]string{
		"compose.yaml": "name: shop\nservices:\n  web:\n    image: nginx:$TAG\n    command: echo $$HOME\n    env_file: web.env\n    environment: {A: a}\n  job:\n    build: .\n    profiles: [later, extra]\n  built:\n    build: .\nsecrets:\n  pw: {environment: PW}\n",
		"web.env":      "A=hidden\nB=b\n",
	})
	return mustLoad(t, Options{WorkingDir: dir, Environ: []string{"TAG=1", "PW=hidden"}})
}

func TestConfigYAMLLoadsAgain(t *testing.T) {
	p := configProject(t)
	out, err := Config(p, "yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "hidden") || strings.Contains(string(out), "env_file") {
		t.Errorf("got\n%s", out)
	}
	again := mustLoad(t, Options{WorkingDir: p.WorkingDir, Files: []string{stdinPath}, Stdin: strings.NewReader(string(out)), Environ: []string{"PW=hidden"}})
	second, err := Config(again, "yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(out), string(second)); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
	web := again.Services["web"]
	if got := strings.Join(web.Command, " ") + " " + *web.Environment["A"] + " " + *web.Environment["B"]; got != "echo $HOME a b" {
		t.Errorf("got %q", got)
	}
	if len(p.Services["web"].EnvFiles) != 1 {
		t.Error("the project was changed")
	}
}

func TestConfigJSON(t *testing.T) {
	out, err := Config(configProject(t), "json")
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Name     string
		Services map[string]struct{ Image string }
	}
	if err := json.Unmarshal(out, &tree); err != nil || tree.Name != "shop" || tree.Services["web"].Image != "nginx:1" {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "hidden") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	if _, err := Config(configProject(t), "xml"); err == nil {
		t.Error("xml is no format")
	}
}

func TestLists(t *testing.T) {
	p := configProject(t)
	if got := strings.Join(Images(p), " "); got != "nginx:1 shop-built" {
		t.Errorf("images %s", got)
	}
	if got := strings.Join(Profiles(p), " "); got != "extra later" {
		t.Errorf("profiles %s", got)
	}
}

func TestHash(t *testing.T) {
	p := configProject(t)
	first, err := Hashes(p)
	if err != nil || len(first) != 2 || first[0][0] != "built" {
		t.Fatalf("%v %v", first, err)
	}
	web := p.Services["web"]
	two := 2
	web.Scale, web.PullPolicy, web.Profiles = &two, "always", []string{"x"}
	if same, _ := Hash(web); same != first[1][1] {
		t.Error("the number of replicas changes the hash")
	}
	web.Image = "other"
	if other, _ := Hash(web); other == first[1][1] {
		t.Error("the image does not change the hash")
	}
	if _, err := Hashes(p, "nothing"); err == nil {
		t.Error("an unknown service has no hash")
	}
}

func TestName(t *testing.T) {
	broken := project(t, map[string]string{"compose.yaml": "name: ${N:-shop}\nservices: {web: {bogus: 1}}\n"})
	empty := project(t, nil)
	for _, c := range []struct {
		label, want, code string
		options           Options
	}{
		{"the files do not load", "shop", "", Options{WorkingDir: broken}},
		{"option without files", "given", "", Options{WorkingDir: empty, ProjectName: "given"}},
		{"variable without files", "env", "", Options{WorkingDir: empty, Environ: []string{"COMPOSE_PROJECT_NAME=env"}}},
		{"nothing", "", "GTY001", Options{WorkingDir: empty}},
		{"invalid option", "", "GTY011", Options{WorkingDir: broken, ProjectName: "A b"}},
		{"variable in the file", "x", "", Options{WorkingDir: broken, Environ: []string{"N=x"}}},
	} {
		got, list := Name(t.Context(), c.options)
		if got != c.want || list.HasErrors() != (c.code != "") || c.code != "" && string(list[0].Code) != c.code {
			t.Errorf("%s: got %q, %v", c.label, got, list)
		}
	}
}
