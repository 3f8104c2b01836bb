package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"text/template"
	"time"
)

// once looks and verifies.
func (r *run) once(ctx context.Context, o Observation) error {
	document, err := r.look(ctx, o)
	if err != nil {
		return err
	}
	err = o.See.verify(document, func(service, path string) (any, error) {
		there, err := r.look(ctx, Observation{In: service, Do: o.Do})
		if err != nil {
			return nil, err
		}
		value, ok := lookup(there, path)
		if !ok {
			return nil, fmt.Errorf("%s has nothing at %s", service, path)
		}
		return value, nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", o.subject(), err)
	}
	return nil
}

// subject names the observation's source.
func (o Observation) subject() string {
	switch {
	case o.In != "" && len(o.Do) > 0:
		return o.In + " (" + strings.Join(o.Do, " ") + ")"
	case len(o.Outside) > 0:
		return "outside (" + strings.Join(o.Outside, " ") + ")"
	case len(o.Gantry) > 0:
		return "gantry compose " + strings.Join(o.Gantry, " ")
	case o.Log != "":
		return "output of " + o.Log
	case o.Pod != "":
		return "pods of " + o.Pod
	case o.Claims:
		return "volumes"
	case o.Load:
		return "load"
	}
	return o.In
}

// look gives what the observation's source tells, as JSON.
func (r *run) look(ctx context.Context, o Observation) (any, error) {
	switch {
	case o.Load:
		return r.endLoad()
	case len(o.Gantry) > 0:
		a, err := r.exec(ctx, r.gantry(o.Gantry...))
		return normal(map[string]any{"exit": a.exit, "out": a.out, "err": a.err}, err)
	case o.Log != "":
		return r.lastReport(ctx, o.Log)
	case o.Claims:
		return r.claims(ctx)
	case o.Pod != "":
		return r.podsOf(ctx, o.Pod)
	case len(o.Outside) > 0:
		args, err := r.expandAll(ctx, o.Outside)
		if err != nil {
			return nil, err
		}
		out, err := r.must(ctx, exec.Command(r.Probe, append([]string{"do"}, args...)...))
		return parsed(out, err)
	}
	return r.inside(ctx, o)
}

// inside asks a container of a service.
func (r *run) inside(ctx context.Context, o Observation) (any, error) {
	args, err := r.expandAll(ctx, o.Do)
	if err != nil {
		return nil, err
	}
	pods, err := r.pods(ctx, o.In)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("service %s has no pod", o.In)
	}
	pod := pods[0]
	if o.Exec {
		command := []string{"exec", "-n", r.namespace, pod.Metadata.Name, "-c", pod.container(o.In).Name, "--", "/probe", "do"}
		if len(args) == 0 {
			args = []string{"report"}
		}
		out, err := r.must(ctx, r.kubectl(append(command, args...)...))
		return parsed(out, err)
	}
	target := fmt.Sprintf("http://%s:%s/report", pod.Status.PodIP, pod.port(o.In))
	if len(args) > 0 {
		target = fmt.Sprintf("http://%s:%s/do?%s", pod.Status.PodIP, pod.port(o.In), url.Values{"arg": args}.Encode())
	}
	return fetch(ctx, target)
}

func fetch(ctx context.Context, target string) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return parsed(string(body), err)
}

func parsed(out string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		return nil, fmt.Errorf("%q: %w", out, err)
	}
	return value, nil
}

// normal makes a value look as if it came as JSON.
func normal(value any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(value)
	return parsed(string(data), err)
}

// lastReport finds the last report in the output of a service's containers.
func (r *run) lastReport(ctx context.Context, service string) (any, error) {
	out, err := r.must(ctx, r.gantry("logs", "--no-log-prefix", "--no-color", service))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Reverse(lines)
	for _, line := range lines {
		if strings.Contains(line, `"argv":`) {
			return parsed(line[strings.Index(line, "{"):], nil)
		}
	}
	return nil, errors.New("no report in the output: " + out)
}

// expandAll fills in the addresses that are only known in the cluster.
func (r *run) expandAll(ctx context.Context, texts []string) ([]string, error) {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		text, err := r.expand(ctx, t)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// expand knows {{published SERVICE PORT}}, {{pod SERVICE}} and {{node}}.
func (r *run) expand(ctx context.Context, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"published": func(service string, port int) (string, error) { return r.published(ctx, service, port) },
		"pod":       func(service string) (string, error) { return r.address(ctx, service) },
		"node":      func() (string, error) { return r.node(ctx) },
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, nil)
	return b.String(), err
}
