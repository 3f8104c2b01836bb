package render

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// owners lists, by path, the rows that own it.
func owners() map[string][]string {
	out := map[string][]string{}
	for _, row := range Table() {
		for _, path := range row.Owned() {
			out[path] = append(out[path], row.Path)
		}
	}
	return out
}

// ownerPath is where a schema path's row stands: jobs share the services' rows,
// except for what only jobs have.
func ownerPath(path string, owned map[string][]string) string {
	if below, ok := strings.CutPrefix(path, "jobs.*."); ok && len(owned[path]) == 0 {
		return "services.*." + below
	}
	return path
}

func TestEverySchemaPathHasOneRow(t *testing.T) {
	owned := owners()
	for _, p := range schema.AttributePaths() {
		path := ownerPath(string(p), owned)
		if len(owned[path]) != 1 {
			t.Errorf("%s is owned by %d rows: %v", p, len(owned[path]), owned[path])
		}
	}
}

// tagsOnly are fields of compose-go's types that the schema does not name.
var tagsOnly = []string{"services.*.name", "services.*.net", "services.*.log_driver", "services.*.log_opt", "services.*.volume_driver", "services.*.dockerfile"}

func TestNoRowInventsAPath(t *testing.T) {
	known := map[string]bool{}
	for _, p := range schema.AttributePaths() {
		known[string(p)] = true
	}
	for path, rows := range owners() {
		if !known[path] && !slices.Contains(tagsOnly, path) {
			t.Errorf("%v owns %s, which the schema does not have", rows, path)
		}
	}
}

func TestEveryFieldHasARow(t *testing.T) {
	owned := owners()
	for prefix, typ := range map[string]reflect.Type{
		"services.*.": reflect.TypeFor[types.ServiceConfig](), "jobs.*.": reflect.TypeFor[types.JobConfig](),
	} {
		fields := 0
		for _, field := range reflect.VisibleFields(typ) {
			name := yamlName(field)
			if name == "" {
				continue
			}
			fields++
			if path := ownerPath(prefix+name, owned); len(owned[path]) != 1 {
				t.Errorf("%s is owned by %d rows: %v", prefix+name, len(owned[path]), owned[path])
			}
		}
		if fields < 80 {
			t.Errorf("only %d fields found below %s", fields, prefix)
		}
	}
}

func TestRowsSayWhatTheyDo(t *testing.T) {
	for _, row := range Table() {
		if row.Doc == "" {
			t.Errorf("%s: no Doc", row.Path)
		}
		for _, code := range row.Codes {
			if _, ok := diag.Lookup(code); !ok {
				t.Errorf("%s: code %s is not in the catalogue", row.Path, code)
			}
		}
		switch row.Support {
		case Full, Partial:
			if row.Target == "" {
				t.Errorf("%s: no Target", row.Path)
			}
			if row.Support == Partial && len(row.Codes) == 0 {
				t.Errorf("%s: a Partial row must report its difference", row.Path)
			}
		case Ignored, Rejected:
			checkSilent(t, row)
		case Client, Loader:
			if row.Map != nil {
				t.Errorf("%s: a row for %s must not map", row.Path, row.Support)
			}
		default:
			t.Errorf("%s: unknown support %q", row.Path, row.Support)
		}
	}
}

func checkSilent(t *testing.T, row Attribute) {
	t.Helper()
	if row.Reason == "" || row.Hint == "" || len(row.Codes) == 0 {
		t.Errorf("%s: a row for %s needs a Reason, a Hint and a code", row.Path, row.Support)
		return
	}
	info, _ := diag.Lookup(row.Codes[0])
	if row.Support == Rejected && info.Severity != diag.Error {
		t.Errorf("%s: rejected with %s, which is no error", row.Path, row.Codes[0])
	}
	if row.Support == Ignored && info.Severity == diag.Error {
		t.Errorf("%s: ignored with %s, which is an error", row.Path, row.Codes[0])
	}
}
