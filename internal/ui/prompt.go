package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNoTerminal is returned by Confirm when nobody can answer.
var ErrNoTerminal = errors.New("confirmation needed, but stdin is not a terminal")

// Confirm asks the question on stderr and reads yes or no from stdin; an empty
// answer and the end of input are no. Without a terminal it returns
// ErrNoTerminal; an interrupt ends it with the context's error.
func (p *Printer) Confirm(ctx context.Context, question string) (bool, error) {
	if !p.InTTY {
		return false, ErrNoTerminal
	}
	if _, err := fmt.Fprintf(p.Err, "%s [y/N] ", question); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(p.In).ReadString('\n')
		answers <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case a := <-answers:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", a.err)
		}
		return isYes(a.text), nil
	}
}

func isYes(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return true
	default:
		return false
	}
}
