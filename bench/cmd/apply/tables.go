package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gantry-dev/gantry/bench"
)

// slowRounds is how often what takes minutes is run.
const slowRounds = 1

// row appends a command's figures, with gantry's ratio to it.
func row(t *bench.Table, c bench.Command, s, ours bench.Series) {
	t.Add(c.Name, bench.Seconds(s.Wall()), bench.Seconds(s.CPU()), bench.Megabytes(s.Peak()), bench.Number(bench.Ratio(ours, s)), fmt.Sprint(len(s)))
}

func head(first string) bench.Table {
	return bench.Table{{first, "time", "CPU", "memory", "gantry / this", "runs"}}
}

// first measures an application that is new to its namespace.
func (m *measurement) first(ctx context.Context) error {
	rounds := min(m.rounds, 3)
	var ours, loop, kapp, kubectl bench.Series
	for round := range rounds {
		for _, c := range []struct {
			to     *bench.Series
			rounds int
			make   func(namespace string) bench.Command
		}{
			{&ours, rounds, func(ns string) bench.Command { return m.up("app", ns, "--no-wait") }},
			{&loop, rounds, func(ns string) bench.Command { return m.loop("app", ns) }},
			{&kapp, rounds, func(ns string) bench.Command { return m.kapp(ns) }},
			{&kubectl, slowRounds, func(ns string) bench.Command { return m.kubectl(ns) }},
		} {
			if round >= c.rounds || c.make("").Missing() {
				continue
			}
			namespace, err := m.namespace(ctx, "first")
			if err != nil {
				return err
			}
			s, err := bench.Run(ctx, c.make(namespace))
			if err != nil {
				return err
			}
			*c.to = append(*c.to, s)
		}
	}
	t := head(fmt.Sprintf("first time, %d objects, no wait", 3*m.services))
	row(&t, m.up("app", ""), ours, ours)
	row(&t, m.loop("app", ""), loop, ours)
	row(&t, m.kapp(""), kapp, ours)
	row(&t, m.kubectl(""), kubectl, ours)
	fmt.Fprintf(m.out, "\n%s%s", t, bench.Missing(m.kapp(""), m.kubectl("")))
	m.clean()
	return nil
}

// unchanged measures the same once more, when nothing has changed.
func (m *measurement) unchanged(ctx context.Context) error {
	a, err := m.filled(ctx, func(ns string) bench.Command { return m.up("app", ns, "--no-wait") })
	if err != nil {
		return err
	}
	ours, kapp := m.up("app", a), bench.Command{}
	if !m.kapp("").Missing() {
		b, err := m.filled(ctx, func(ns string) bench.Command { return m.kapp(ns) })
		if err != nil {
			return err
		}
		kapp = m.kapp(b)
	}
	series, err := bench.InTurns(ctx, m.rounds, ours, kapp)
	if err != nil {
		return err
	}
	var slow bench.Series
	if !m.kubectl("").Missing() {
		b, err := m.filled(ctx, func(ns string) bench.Command { return m.loop("app", ns) })
		if err != nil {
			return err
		}
		kubectl := m.kubectl(b)
		kubectl.Args = append(kubectl.Args, "--field-manager="+loopManager)
		s, err := bench.Run(ctx, kubectl)
		if err != nil {
			return err
		}
		slow = bench.Series{s}
	}
	t := head(fmt.Sprintf("nothing changed, %d objects", 3*m.services))
	row(&t, ours, series[0], series[0])
	row(&t, m.kapp(""), series[1], series[0])
	row(&t, m.kubectl(""), slow, series[0])
	fmt.Fprintf(m.out, "\n%s", t)
	m.clean()
	return nil
}

// filled makes a namespace and applies the application to it.
func (m *measurement) filled(ctx context.Context, apply func(namespace string) bench.Command) (string, error) {
	namespace, err := m.namespace(ctx, "filled")
	if err != nil {
		return "", err
	}
	_, err = bench.Run(ctx, apply(namespace))
	return namespace, err
}

// ready measures from nothing to every service ready.
func (m *measurement) ready(ctx context.Context) error {
	var ours, loop bench.Series
	for range min(m.rounds, 3) {
		a, err := m.namespace(ctx, "ready")
		if err != nil {
			return err
		}
		s, err := bench.Run(ctx, m.up("ready", a, "--timeout", (30*time.Minute).String()))
		if err != nil {
			return err
		}
		ours = append(ours, s)
		m.clean()
		b, err := m.namespace(ctx, "ready")
		if err != nil {
			return err
		}
		if s, err = bench.Run(ctx, m.loop("ready", b, "-wait")); err != nil {
			return err
		}
		loop = append(loop, s)
		m.clean()
	}
	t := head(fmt.Sprintf("nothing to ready, %d services", m.services))
	row(&t, m.up("ready", ""), ours, ours)
	c := m.loop("ready", "")
	c.Name += ", then a watch; no order"
	row(&t, c, loop, ours)
	fmt.Fprintf(m.out, "\n%s", t)
	return nil
}
