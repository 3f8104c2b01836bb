package compose

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// corpus holds real Compose files that others wrote.
const corpus = "../../../shared/corpus"

func needCorpus(t *testing.T, folder string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(corpus, folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus is not at %s: this test needs real Compose files", filepath.Join(corpus, folder))
	}
	return dir
}

func TestAwesomeComposeLoads(t *testing.T) {
	dir := needCorpus(t, "awesome-compose")
	projects, err := os.ReadDir(dir)
	if err != nil || len(projects) < 20 {
		t.Fatalf("%d projects, %v", len(projects), err)
	}
	for _, entry := range projects {
		t.Run(entry.Name(), func(t *testing.T) {
			p, list := Load(t.Context(), Options{WorkingDir: filepath.Join(dir, entry.Name())})
			if p == nil {
				t.Fatal(list)
			}
			everythingHasAPlace(t, p)
		})
	}
}

// everythingHasAPlace checks that each service and each of its list items is
// found in a file.
func everythingHasAPlace(t *testing.T, p *Project) {
	t.Helper()
	for name, s := range p.Services {
		for attribute, n := range map[string]int{"ports": len(s.Ports), "volumes": len(s.Volumes), "secrets": len(s.Secrets)} {
			for i := range n {
				if !p.Has("services", name, attribute, itoa(i)) {
					t.Errorf("services.%s.%s[%d] has no place", name, attribute, i)
				}
			}
		}
		for variable := range s.Environment {
			if !p.Has("services", name, "environment", variable) && !p.Has("services", name, "env_file") {
				t.Errorf("services.%s.environment.%s has no place", name, variable)
			}
		}
		if p.Pos("services", name).Line == 0 {
			t.Errorf("services.%s has no place", name)
		}
	}
}

// refusedFixtures are the files of kompose that cannot be loaded by
// themselves, and the code that says why.
func refusedFixtures() map[string][]diag.Code {
	override := []diag.Code{diag.InputNoImage} // meant to be merged over another file
	return map[string][]diag.Code{
		"gitlab/docker-compose.yml":                                  {diag.InputPort}, // its variables come from the file envs of the test
		"multiple-files/second.yaml":                                 override,
		"unused/merge-multiple-compose/dev.yml":                      override,
		"unused/merge-multiple-compose/compose-port-prod.yml":        override,
		"unused/merge-multiple-compose/compose-new-service-prob.yml": override,
		"unused/merge-multiple-compose/other-toplevel-base.yml":      {diag.InputUndefinedResource}, // its override declares the volume
		"unused/v3/docker-compose-deploy.yaml":                       {diag.InputUndefinedService},
		"unused/v3/docker-compose-full-example.yaml":                 {diag.InputConflict, diag.InputUndefinedService, diag.InputUndefinedResource},
		"volume-mounts/named-volume/docker-compose.yml":              {diag.InputUndefinedResource},
		"volume-mounts/named-volume/docker-compose-v3.yml":           {diag.InputUndefinedResource},
	}
}

func TestKomposeFixtures(t *testing.T) {
	dir := needCorpus(t, "kompose")
	refused := refusedFixtures()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "ml") {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		p, list := Load(t.Context(), Options{WorkingDir: filepath.Dir(path), Files: []string{filepath.Base(path)}})
		codes, expected := refused[name]
		delete(refused, name)
		if expected != (p == nil) {
			t.Errorf("%s: loaded: %t, expected: %t\n%v", name, p != nil, !expected, list)
		}
		for _, code := range codes {
			if !hasCode(list, code) {
				t.Errorf("%s: no %s in\n%v", name, code, list)
			}
		}
		for _, d := range list {
			if d.Pos.Line == 0 {
				t.Errorf("%s: no place: %s", name, d)
			}
		}
		if p != nil {
			everythingHasAPlace(t, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range refused {
		t.Errorf("%s is not in the corpus", name)
	}
}

func hasCode(list diag.List, code diag.Code) bool {
	for _, d := range list {
		if d.Code == code {
			return true
		}
	}
	return false
}
