package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// stringList is a flag that may be repeated. Unlike pflag's own it appends from
// the first value on, so that the flag before and after the verb add up.
type stringList []string

// String returns the values for the help text.
func (l *stringList) String() string { return strings.Join(*l, ",") }

// Set appends a value.
func (l *stringList) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// Type names the value in the help text.
func (l *stringList) Type() string { return "stringArray" }

// waitTime is a duration flag that also takes a plain number, in the unit that
// the flag had where it comes from.
type waitTime struct {
	time.Duration
	unit time.Duration
	set  bool
}

// String returns the duration; "" when it is zero, so that help shows no default.
func (w *waitTime) String() string {
	if w.Duration == 0 {
		return ""
	}
	return w.Duration.String()
}

// Set reads 90s, 5m, or a number of units such as 0.5.
func (w *waitTime) Set(value string) error {
	d, err := time.ParseDuration(value)
	if n, numErr := strconv.ParseFloat(value, 64); numErr == nil {
		d, err = time.Duration(n*float64(w.unit)), nil
	}
	if err != nil {
		return fmt.Errorf("want a duration such as 90s or 5m, or a number of %s", unitName(w.unit))
	}
	if d < 0 {
		return fmt.Errorf("must not be negative")
	}
	w.Duration, w.set = d, true
	return nil
}

// Type names the value in the help text.
func (w *waitTime) Type() string { return "duration" }

func unitName(unit time.Duration) string {
	if unit == time.Minute {
		return "minutes"
	}
	return "seconds"
}

// choice is a flag whose value is one of a few words.
type choice struct {
	value *string
	words []string
}

// String returns the value.
func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Set refuses what is not one of the words.
func (c choice) Set(value string) error {
	if !slices.Contains(c.words, value) {
		return fmt.Errorf("want one of %s", strings.Join(c.words, ", "))
	}
	*c.value = value
	return nil
}

// Type names the words in the help text.
func (c choice) Type() string { return strings.Join(c.words, "|") }

// choiceVar binds a flag that takes one of the words; the value's present
// content is the default.
func choiceVar(fs *pflag.FlagSet, value *string, name, short, usage string, words ...string) {
	fs.VarP(choice{value, words}, name, short, usage)
}

// addFlags copies a group's flags into a command's, on the same values. The
// command's own flags win: a name it has is left out, a shorthand that it uses
// (logs -f) stays its own.
func addFlags(fs, group *pflag.FlagSet) {
	group.VisitAll(func(flag *pflag.Flag) {
		if fs.Lookup(flag.Name) != nil {
			return
		}
		own := *flag
		if own.Shorthand != "" && fs.ShorthandLookup(own.Shorthand) != nil {
			own.Shorthand = ""
		}
		fs.AddFlag(&own)
	})
}
