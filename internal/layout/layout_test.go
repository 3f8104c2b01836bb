package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root = "../.."
	// The limits of CONTRIBUTING.md, in lines.
	maxFunction = 80
	maxMedian   = 10
	maxFile     = 400
)

// source is a parsed Go file that is no test.
type source struct {
	path  string
	lines int
	file  *ast.File
	fset  *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "bin" || strings.HasPrefix(entry.Name(), ".") && path != root):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, content, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{strings.TrimPrefix(path, root+"/"), strings.Count(string(content), "\n"), file, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d files found: the walk is broken", len(out))
	}
	return out
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	var all []int
	for _, s := range sources(t) {
		if s.lines > maxFile {
			t.Errorf("%s has %d lines, more than %d: split it by meaning", s.path, s.lines, maxFile)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			lines := s.fset.Position(f.Body.End()).Line - s.fset.Position(f.Pos()).Line
			all = append(all, lines)
			if lines > maxFunction && !isTable(f) {
				t.Errorf("%s: %s has %d lines, more than %d", s.path, f.Name.Name, lines, maxFunction)
			}
		}
	}
	slices.Sort(all)
	if median := all[len(all)/2]; median > maxMedian {
		t.Errorf("the median function has %d lines, more than %d", median, maxMedian)
	}
}

// isTable reports whether a function is one returned literal: a table, which
// may be long.
func isTable(f *ast.FuncDecl) bool {
	for _, statement := range f.Body.List {
		switch s := statement.(type) {
		case *ast.DeclStmt:
		case *ast.AssignStmt:
		case *ast.ReturnStmt:
			if len(s.Results) != 1 {
				return false
			}
		default:
			return false
		}
	}
	return len(f.Body.List) > 0
}

func TestPackagesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		dir := filepath.Dir(s.path)
		documented[dir] = documented[dir] || s.file.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestPackageNamesSayWhatTheyOwn(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains([]string{"util", "utils", "common", "helpers", "misc"}, s.file.Name.Name) {
			t.Errorf("%s: package %s says nothing of what it owns", s.path, s.file.Name.Name)
		}
	}
}

func TestNothingStopsTheProgramBelowMain(t *testing.T) {
	for _, s := range sources(t) {
		if s.file.Name.Name == "main" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f := call.Fun.(type) {
			case *ast.Ident:
				if f.Name == "panic" {
					t.Errorf("%s: panic", s.fset.Position(call.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := f.X.(*ast.Ident); ok && (x.Name == "os" && f.Sel.Name == "Exit" || x.Name == "log" && strings.HasPrefix(f.Sel.Name, "Fatal")) {
					t.Errorf("%s: %s.%s", s.fset.Position(call.Pos()), x.Name, f.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestImports holds the import rule of the architecture: pure stages know no
// client and no command line, and only local/ carries Kubernetes itself.
func TestImports(t *testing.T) {
	rules := []struct {
		packages string
		without  []string
	}{
		{"./pkg/diag", []string{"k8s.io", "github.com/spf13/cobra", "github.com/compose-spec"}},
		{"./pkg/compose", []string{"k8s.io", "github.com/spf13/cobra"}},
		{"./pkg/params", []string{"k8s.io", "github.com/spf13/cobra"}},
		{"./pkg/build", []string{"k8s.io", "github.com/spf13/cobra"}},
		{"./pkg/render", []string{"k8s.io/client-go", "github.com/spf13/cobra", "github.com/google/go-containerregistry"}},
		{"./pkg/image", []string{"k8s.io", "github.com/spf13/cobra", "github.com/google/go-containerregistry", "net/http"}},
		{"./pkg/image/inspect", []string{"k8s.io", "github.com/spf13/cobra", "github.com/gantry-dev/gantry/internal"}},
		{"./pkg/manifest", []string{"k8s.io/client-go", "github.com/spf13/cobra"}},
		{"./pkg/plan", []string{"k8s.io/client-go", "github.com/spf13/cobra"}},
		{"./pkg/overlay", []string{"k8s.io/client-go", "github.com/spf13/cobra"}},
		{"./pkg/cluster", []string{"github.com/spf13/cobra/doc", "github.com/gantry-dev/gantry/internal"}},
		{"./pkg/apply", []string{"github.com/gantry-dev/gantry/internal"}},
		{"./cmd/gantry", []string{"k8s.io/kubernetes", "go.etcd.io"}},
	}
	for _, rule := range rules {
		cmd := exec.Command("go", "list", "-deps", rule.packages)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list %s: %v", rule.packages, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			for _, banned := range rule.without {
				if dep == banned || strings.HasPrefix(dep, banned+"/") {
					t.Errorf("%s reaches %s", rule.packages, dep)
				}
			}
		}
	}
}
