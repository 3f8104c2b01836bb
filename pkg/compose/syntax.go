package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	yamlv4 "go.yaml.in/yaml/v4"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// syntaxError returns the diagnostic of a file that is not YAML. It asks the
// parser that compose-go uses, since that one tells the column; ok is false
// when that parser accepts the file.
func syntaxError(file string, content []byte) (diag.Diagnostic, bool) {
	err := parseWithLoader(content)
	if err == nil {
		return diag.Diagnostic{}, false
	}
	fault := readFault(err, content)
	message, hint := fault.explain()
	d := diag.New(diag.InputSyntax, fault.pos(file), "", "%s", message)
	d.Hint = hint
	return d, true
}

func parseWithLoader(content []byte) error {
	decoder := yamlv4.NewDecoder(bytes.NewReader(content))
	for {
		var n yamlv4.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// fault is a YAML parser's error, taken apart.
type fault struct {
	context string // what the parser was reading, such as "a flow sequence"
	problem string
	line    int // where the problem stands, from 1; 0 if unknown
	col     int
	char    rune   // the character at that place
	opened  [2]int // line and column where the context began
}

// faultForm takes the text of a marked YAML error apart:
// [while CONTEXT at MARK: ][MARK: ]PROBLEM, a mark being line N[, column M].
var faultForm = regexp.MustCompile(`^(?:while (?:parsing|scanning) (.+?) at (?:line (\d+)(?:, column (\d+))?|<unknown position>): )?(?:line (\d+)(?:, column (\d+))?: |offset (\d+): )?(?s:(.*))$`)

func readFault(err error, content []byte) fault {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	m := faultForm.FindStringSubmatch(message)
	f := fault{context: m[1], problem: m[7]}
	// The parser counts lines from 0 where the scanner counts from 1; the
	// composer, whose error is a pointer, counts columns from 2.
	shift, ahead := 0, 0
	switch kind := errorKind(err); {
	case strings.HasPrefix(kind, "*"):
		ahead = 1
	case kind != "":
		shift = 1
	}
	f.opened = [2]int{number(m[2]) + shift, max(number(m[3]), 1)}
	switch {
	case m[4] != "":
		f.line, f.col = number(m[4])+shift, max(number(m[5])-ahead, 1)
	case m[6] != "":
		f.line, f.col = lineAndColumn(content, number(m[6]))
	case m[2] != "":
		f.line, f.col = f.opened[0], f.opened[1]
	}
	if strings.HasPrefix(f.context, "a flow ") && (f.context == "a flow node" || m[2] == "") {
		// The parser's mark is missing, or that of what follows.
		f.opened[0], f.opened[1] = lineAndColumn(content, unclosed(content))
	}
	f.look(content)
	return f
}

// unclosed returns the offset of the innermost bracket or brace that is opened
// and never closed, as far as can be told without a parser; the end of the
// content if none is.
func unclosed(content []byte) int {
	var open []int
	quote, before := byte(0), byte('\n')
	for i := 0; i < len(content); i++ {
		c := content[i]
		starts := len(open) > 0 || strings.IndexByte("\n:-,?", before) >= 0
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' || c == '\'' && bytes.HasPrefix(content[i:], []byte("''")) && quote == c {
				i++
			} else if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.IndexByte("\n:-,?[{", before) >= 0:
			quote = c
		case c == '#' && i > 0 && (content[i-1] == ' ' || content[i-1] == '\n'):
			i += max(bytes.IndexByte(content[i:], '\n')-1, 0)
		case (c == '[' || c == '{') && starts:
			open = append(open, i)
		case (c == ']' || c == '}') && len(open) > 0:
			if content[open[len(open)-1]] != c-2 { // in ASCII each opens two before it closes
				return open[len(open)-1]
			}
			open = open[:len(open)-1]
		}
		if c != ' ' && c != '\t' && c != '\r' {
			before = c
		}
	}
	if len(open) == 0 {
		return len(content)
	}
	return open[len(open)-1]
}

// errorKind returns the name of the parser's or composer's error type, which
// tells them from the scanner's; "" for that. The types are not exported.
func errorKind(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		if kind := fmt.Sprintf("%T", err); strings.HasSuffix(kind, ".ParserError") {
			return kind
		}
	}
	return ""
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// yamlBreak is what ends a line for YAML: a lone carriage return as well.
var yamlBreak = regexp.MustCompile("\r\n|\r|\n")

// lineAndColumn turns a byte offset into line and column.
func lineAndColumn(content []byte, offset int) (line, col int) {
	before := content[:min(offset, len(content))]
	breaks := yamlBreak.FindAllIndex(before, -1)
	start := 0
	if len(breaks) > 0 {
		start = breaks[len(breaks)-1][1]
	}
	return len(breaks) + 1, utf8.RuneCount(before[start:]) + 1
}

// look notes what stands at the fault's place, and corrects a column that the
// parser left out.
func (f *fault) look(content []byte) {
	lines := yamlBreak.Split(string(content), -1)
	if f.line < 1 {
		return
	}
	if f.line > len(lines) { // the parser looks one line beyond the end
		f.line, f.col = len(lines), utf8.RuneCountInString(lines[len(lines)-1])+1
	}
	line := []rune(lines[f.line-1])
	if f.col == 1 && len(line) > 0 && f.problem == cannotStart {
		f.col = max(slices.IndexFunc(line, func(r rune) bool { return strings.ContainsRune("\t@`%", r) })+1, 1)
	}
	f.col = min(f.col, len(line)+1) // the parser counts in UTF-8 what may be UTF-16
	if f.col >= 1 && f.col <= len(line) {
		f.char = line[f.col-1]
	}
}

const cannotStart = "found character that cannot start any token"

// opens reports whether the fault is best shown where its context began.
func (f fault) opens() bool {
	switch f.context {
	case "a quoted scalar", "a simple key", "a flow sequence", "a flow mapping", "a flow node":
		return f.opened[0] > 0
	}
	return false
}

func (f fault) pos(file string) diag.Pos {
	if f.opens() {
		return diag.Pos{File: file, Line: f.opened[0], Col: f.opened[1]}
	}
	return diag.Pos{File: file, Line: f.line, Col: f.col}
}

// explanation says in words what a parser's problem means.
type explanation struct {
	context, problem string // prefixes; "" matches all
	message, hint    string
}

// explanations is searched in order; the first that matches wins.
func explanations() []explanation {
	return []explanation{
		{"", "mapping values are not allowed", "a second `: ` stands in this line", "put the value in quotes, or start a new line"},
		{"a quoted scalar", "found unexpected end", "the quoted text that starts here is never closed", "add the closing quote"},
		{"a quoted scalar", "", "the quoted text that starts here cannot be read", "check its escapes, or use single quotes"},
		{"a simple key", "could not find expected ':'", "this line is neither `key: value` nor a list item", "add the `:`, or indent it to continue the value above"},
		{"a flow sequence", "", "the list that is opened here by `[` is not closed properly", "separate its items by `,` and close it with `]`"},
		{"a flow mapping", "", "the mapping that is opened here by `{` is not closed properly", "separate its entries by `,` and close it with `}`"},
		{"a flow node", "", "the list or mapping that is opened here is not closed", "close it with `]` or `}`"},
		{"a block mapping", "did not find expected key", "a key was expected here: the indentation fits no line above, or text follows a value", "align the line with the other keys of its block"},
		{"a block collection", "", "a list item was expected here: lists and keys cannot be mixed in one block", "indent the line, or start it with `- `"},
		{"", "block sequence entries are not allowed", "a list item cannot start here", "put the list below its key, on lines of its own"},
		{"", "did not find expected <document start>", "the file's content ends before this line", "align the line with the keys above, or remove it"},
		{"", "control characters", "the file contains a control character and is not plain text", "save it as UTF-8 text"},
		{"", "invalid", "the file is not UTF-8 text", "save it as UTF-8 text"},
	}
}

func (f fault) explain() (message, hint string) {
	switch {
	case f.problem == cannotStart && f.char == '\t':
		return "a tab stands where YAML allows only spaces", "indent with spaces"
	case f.problem == cannotStart && f.char != 0:
		return fmt.Sprintf("a value cannot start with %q", f.char), "put the value in quotes"
	case strings.HasPrefix(f.problem, "unknown anchor"):
		return "the alias has no anchor before it: " + f.problem, "define the anchor with & above this line"
	}
	for _, e := range explanations() {
		if (e.context == "" || e.context == f.context) && strings.HasPrefix(f.problem, e.problem) {
			return e.message, e.hint
		}
	}
	return "invalid YAML: " + f.problem, "check the line and the one before it"
}
