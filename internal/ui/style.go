package ui

// Style puts text in colour, or leaves it as it is when it is false.
type Style bool

// SGR codes of the colours that gantry uses.
const (
	sgrBold    = "1"
	sgrDim     = "2"
	sgrRed     = "31"
	sgrGreen   = "32"
	sgrYellow  = "33"
	sgrBlue    = "34"
	sgrMagenta = "35"
	sgrCyan    = "36"
)

func (s Style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold returns the text in bold.
func (s Style) Bold(text string) string { return s.paint(sgrBold, text) }

// Dim returns the text in a faint colour.
func (s Style) Dim(text string) string { return s.paint(sgrDim, text) }

// Red returns the text in red.
func (s Style) Red(text string) string { return s.paint(sgrRed, text) }

// Green returns the text in green.
func (s Style) Green(text string) string { return s.paint(sgrGreen, text) }

// Yellow returns the text in yellow.
func (s Style) Yellow(text string) string { return s.paint(sgrYellow, text) }

// prefixCodes are the colours of log prefixes in docker compose's order: the
// plain ones, then their bright forms.
func prefixCodes() []string {
	return []string{
		sgrCyan, sgrYellow, sgrGreen, sgrMagenta, sgrBlue,
		"1;" + sgrCyan, "1;" + sgrYellow, "1;" + sgrGreen, "1;" + sgrMagenta, "1;" + sgrBlue,
	}
}
