package params

import (
	"fmt"
	"strings"
)

// maxNesting bounds ${A:-${B:-…}}; deeper input is not written by people.
const maxNesting = 20

// formatError says that a text is no valid interpolation.
type formatError struct{ at string }

func (e formatError) Error() string {
	return fmt.Sprintf("%q is no valid variable reference", e.at)
}

// requiredError says that ${name:?message} has no value.
type requiredError struct{ name, message string }

func (e requiredError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("the required variable %s has no value", e.name)
	}
	return fmt.Sprintf("the required variable %s has no value: %s", e.name, e.message)
}

// expander replaces variable references in one text, as the Compose
// Specification's Interpolation section defines them: $VAR, ${VAR},
// ${VAR:-default}, ${VAR-default}, ${VAR:?error}, ${VAR?error},
// ${VAR:+alternative}, ${VAR+alternative}, and $$ for a dollar sign.
type expander struct {
	lookup func(string) (string, bool)
	// unset collects the names of variables that were replaced by nothing.
	unset []string
	depth int
}

// expand returns the text with its references replaced. The error is a
// formatError or a requiredError.
func (e *expander) expand(s string) (string, error) {
	if !strings.Contains(s, "$") {
		return s, nil
	}
	if e.depth++; e.depth > maxNesting {
		return "", formatError{s}
	}
	defer func() { e.depth-- }()
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		text, after, err := e.reference(rest)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		s = after
	}
}

// reference replaces the reference that follows a dollar sign and returns what
// comes after it.
func (e *expander) reference(s string) (text, after string, err error) {
	switch {
	case strings.HasPrefix(s, "$"):
		return "$", s[1:], nil
	case strings.HasPrefix(s, "{"):
		end := closingBrace(s)
		if end < 0 {
			return "", "", formatError{"$" + s}
		}
		text, err = e.braced(s[1:end])
		return text, s[end+1:], err
	}
	name := leadingName(s)
	if name == "" {
		return "", "", formatError{"$" + firstRune(s)}
	}
	return e.value(name), s[len(name):], nil
}

// braced evaluates what stands between ${ and }.
func (e *expander) braced(s string) (string, error) {
	name := leadingName(s)
	if name == "" {
		return "", formatError{"${" + s + "}"}
	}
	rest := s[len(name):]
	if rest == "" {
		return e.value(name), nil
	}
	operator, argument := splitOperator(rest)
	value, set := e.lookup(name)
	if strings.HasPrefix(operator, ":") {
		set = set && value != ""
	}
	switch strings.TrimPrefix(operator, ":") {
	case "-":
		return e.choose(set, value, argument)
	case "+":
		if !set {
			return "", nil
		}
		return e.expand(argument)
	case "?":
		if set {
			return value, nil
		}
		message, err := e.expand(argument)
		if err != nil {
			return "", err
		}
		return "", requiredError{name, message}
	}
	return "", formatError{"${" + s + "}"}
}

func (e *expander) choose(set bool, value, fallback string) (string, error) {
	if set {
		return value, nil
	}
	return e.expand(fallback)
}

// value returns a variable's value and notes the name when it has none.
func (e *expander) value(name string) string {
	v, ok := e.lookup(name)
	if !ok {
		e.unset = append(e.unset, name)
	}
	return v
}

// splitOperator cuts the operator off ":-default" and its like; the operator
// is "" where there is none.
func splitOperator(s string) (operator, argument string) {
	for _, op := range []string{":-", ":?", ":+", "-", "?", "+"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			return op, rest
		}
	}
	return "", s
}

// closingBrace returns the index of the } that closes the { at the start of s,
// over nested references; -1 when there is none.
func closingBrace(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case i == 0 || strings.HasPrefix(s[i:], "${"):
			depth++
			if i > 0 {
				i++
			}
		case strings.HasPrefix(s[i:], "$$"):
			i++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// leadingName returns the variable name that s begins with, "" for none.
func leadingName(s string) string {
	i := 0
	for i < len(s) && isNameByte(s[i], i > 0) {
		i++
	}
	return s[:i]
}

func isNameByte(c byte, digits bool) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digits && c >= '0' && c <= '9'
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
