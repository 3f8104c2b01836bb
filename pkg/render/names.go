package render

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is the length limit of a DNS-1123 label (RFC 1123), which names of
// Services, containers and label values must keep.
const maxName = 63

// kubeName makes a DNS-1123 label of a Compose name: lower case, with every
// other character a hyphen. A name that is too long keeps its start and gets a
// hash of the whole, so that two long names stay two. Names that become equal
// are found by relations, never merged.
func kubeName(name string) string {
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, name)
	label = strings.Trim(label, "-")
	if label == "" {
		return "x-" + shortHash(name)
	}
	return shorten(label, name, maxName)
}

// shorten cuts a label to a limit and marks it with the hash of what it stands for.
func shorten(label, original string, limit int) string {
	if len(label) <= limit {
		return label
	}
	hash := shortHash(original)
	return strings.TrimRight(label[:limit-len(hash)-1], "-") + "-" + hash
}

// shortHash is a stable ten-digit hash of a text.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:10]
}

// labelValue makes a text fit for a label value (at most 63 characters of
// A-Z a-z 0-9 - _ . with an alphanumeric first and last).
func labelValue(text string) string {
	value := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r == '-', r == '_', r == '.':
			return r
		default:
			return '-'
		}
	}, text)
	return shorten(strings.Trim(value, "-_."), text, maxName)
}

// volumeClaimName names the PVC of a project's volume.
func volumeClaimName(project, volume string) string {
	return shorten(kubeName(project)+"-"+kubeName(volume), project+"/"+volume, maxName)
}
