package render

import "github.com/gantry-dev/gantry/pkg/diag"

// Support says what gantry does with an attribute.
type Support string

// The levels of support.
const (
	// Full: mapped, with Docker's meaning.
	Full Support = "full"
	// Partial: mapped, with a difference that Doc names and a diagnostic reports.
	Partial Support = "partial"
	// Client: done by a gantry verb, not by a manifest (build, develop).
	Client Support = "client"
	// Loader: resolved by compose-go before rendering (extends, profiles).
	Loader Support = "loader"
	// Ignored: without meaning on Kubernetes; reported with the reason.
	Ignored Support = "ignored"
	// Rejected: dropping it would change security, data or behaviour: an error
	// with the way out.
	Rejected Support = "rejected"
)

// Meaning says in a few words what the level is.
func (s Support) Meaning() string {
	switch s {
	case Full:
		return "mapped, with Docker's meaning"
	case Partial:
		return "mapped, with a difference that a diagnostic names"
	case Client:
		return "done by a gantry verb, not by a manifest"
	case Loader:
		return "resolved when the files are read"
	case Ignored:
		return "without meaning on Kubernetes; a diagnostic gives the reason"
	case Rejected:
		return "an error with the way out: dropping it would change security, data or behaviour"
	default:
		return ""
	}
}

// Attribute is a row of the table: everything known about one Compose attribute.
type Attribute struct {
	// Path as schema.AttributePaths spells it, such as services.*.stop_grace_period.
	Path string
	// Covers lists the sub-paths that the row owns, relative to Path
	// ("interval", "*.aliases"). Path itself is always owned.
	Covers  []string
	Support Support
	// Target is the Kubernetes field, such as pod.spec.terminationGracePeriodSeconds.
	Target string
	// Doc explains the mapping, or the reason why there is none and the way out.
	Doc string
	// Reason completes "services.web.X …" in one clause for an Ignored or
	// Rejected row: why nothing comes of it. Hint is the way out.
	Reason, Hint string
	// Codes are the diagnostics that the row may report. For an Ignored or
	// Rejected row without Map, the first is reported where the attribute is set.
	Codes []diag.Code
	// Map writes the attribute into the objects. An Ignored or Rejected row has
	// one only where what it reports depends on the value; it writes nothing.
	Map func(*Ctx)

	// pattern is the row's name in parts, for the search of what is set.
	pattern []string
}

// Stage is a group of rows that run together for a service; a row that needs
// another's result stands in a later stage.
type Stage struct {
	Name string
	Rows []Attribute
}
