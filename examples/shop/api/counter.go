package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"
)

// counter counts in Redis, by its INCR command.
type counter struct{ address string }

func newCounter(address string) *counter { return &counter{address} }

// next returns the count after this call.
func (c *counter) next(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	if _, err := conn.Write([]byte("INCR visits\r\n")); err != nil {
		return 0, err
	}
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0, err
	}
	number, ok := strings.CutPrefix(strings.TrimSpace(reply), ":")
	if !ok {
		return 0, errors.New(reply)
	}
	return strconv.Atoi(number)
}
