package diag

import "slices"

// CodeInfo is the catalogue's entry of a code.
type CodeInfo struct {
	Code     Code
	Severity Severity
	// Title names the finding in a few words.
	Title string
	// Doc explains the reason and the way out, for docs/diagnostics.md.
	Doc string
	// Allowable marks an error that the user can accept with
	// x-gantry: {allow: [CODE]} because nothing is broken by it.
	Allowable bool
}

// Catalogue returns all codes in order. The ranges:
// 0xx input files, 1xx ecs-params, 2xx attributes, 3xx names, ports, volumes
// and other relations between services, 4xx kustomization and output,
// 5xx cluster and deploy, 6xx building of images, and from 610 on what reaches
// into containers.
func Catalogue() []CodeInfo {
	return slices.Concat(inputCodes(), paramsCodes(), attributeCodes(), relationCodes(), imageCodes(), outputCodes(), clusterCodes(), buildCodes(), execCodes())
}

// Lookup returns the catalogue's entry of a code. It reads only the part of the
// catalogue that the code's first digit names, since it is asked for every
// diagnostic.
func Lookup(code Code) (CodeInfo, bool) {
	const digit = len("GTY")
	if len(code) <= digit {
		return CodeInfo{}, false
	}
	var part []CodeInfo
	switch code[digit] {
	case '0':
		part = inputCodes()
	case '1':
		part = paramsCodes()
	case '2':
		part = attributeCodes()
	case '3':
		part = relationCodes()
		if code >= CodeLockInvalid {
			part = imageCodes()
		}
	case '4':
		part = outputCodes()
	case '5':
		part = clusterCodes()
	case '6':
		part = slices.Concat(buildCodes(), execCodes())
	}
	for _, info := range part {
		if info.Code == code {
			return info, true
		}
	}
	return CodeInfo{}, false
}
