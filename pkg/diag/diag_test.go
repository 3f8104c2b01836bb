package diag

import (
	"regexp"
	"testing"
)

func TestCatalogueIsOrderedUniqueAndExplained(t *testing.T) {
	form := regexp.MustCompile(`^GTY[0-9]{3}$`)
	last := Code("")
	for _, info := range Catalogue() {
		if !form.MatchString(string(info.Code)) {
			t.Errorf("code %q is not of the form GTYnnn", info.Code)
		}
		if info.Code <= last {
			t.Errorf("code %s follows %s: the catalogue must be ascending", info.Code, last)
		}
		if info.Title == "" || info.Doc == "" {
			t.Errorf("code %s lacks a title or a doc", info.Code)
		}
		last = info.Code
	}
}

func TestDiagnosticString(t *testing.T) {
	d := Diagnostic{Code: "GTY214", Severity: Warning, Pos: Pos{"docker-compose.yml", 14, 5}, Path: "services.web.x", Message: "services.web.x has no Kubernetes equivalent", Hint: "remove it"}
	want := "docker-compose.yml:14:5: warning[GTY214]: services.web.x has no Kubernetes equivalent\n  hint: remove it"
	if got := d.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestListSortedIsOrderedAndCompact(t *testing.T) {
	a := Diagnostic{Code: "GTY002", Pos: Pos{"a.yml", 2, 1}}
	b := Diagnostic{Code: "GTY001", Pos: Pos{"a.yml", 10, 1}}
	got := List{b, a, b}.Sorted()
	if len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("got %v", got)
	}
}

func TestLookupFindsEveryCode(t *testing.T) {
	for _, info := range Catalogue() {
		if got, ok := Lookup(info.Code); !ok || got != info {
			t.Errorf("%s: %+v", info.Code, got)
		}
	}
	for _, code := range []Code{"", "GTY", "GTY999", "x"} {
		if _, ok := Lookup(code); ok {
			t.Errorf("%q is found", code)
		}
	}
}
