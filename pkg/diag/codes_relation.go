package diag

// Codes 3xx, reported by pkg/render: names, ports, volumes and other relations.
const (
	// CodeNamesCollide: two names become the same on Kubernetes.
	CodeNamesCollide Code = "GTY301"
	// CodeInternal: an object could not be encoded, a fault in gantry.
	CodeInternal Code = "GTY399"
)

func relationCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeNamesCollide, Severity: Error, Title: "two names become one on Kubernetes", Doc: "Kubernetes names are DNS labels: lower-case letters, digits and hyphens. Two names of the project that differ only in other characters would be the same object. Rename one of them."},
		{Code: CodeInternal, Severity: Error, Title: "an object could not be encoded", Doc: "A fault in gantry itself: please report it with the Compose file that shows it."},
	}
}
