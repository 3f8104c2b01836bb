package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// explainedWithin is how long gantry may take from when the cluster knows.
const explainedWithin = 10 * time.Second

// explained EVIDENCE COMMAND... runs a deploy that must fail. It must end
// within ten seconds of when the cluster shows the evidence, a regular
// expression over the JSON of its pods, Jobs, claims and events; with "-" the
// API server itself refuses, and the time counts from the start. No value of
// $CANARIES may be in the output.
func explained(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: explained EVIDENCE COMMAND...")
	}
	w := watchFor(ts, args[0])
	defer w.stop()
	begin := time.Now()
	cmd := command(ts, args[1:])
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	end := time.Now()
	fmt.Fprint(ts.Stdout(), out.String())
	fmt.Fprint(ts.Stderr(), errs.String())
	if _, failed := err.(*exec.ExitError); !failed { //nolint:errorlint // Run gives the error itself
		ts.Fatalf("it should fail, but: %v", err)
	}
	searchCanaries(ts, out.String()+errs.String())
	known, seen := w.first()
	switch {
	case args[0] == "-":
		known = begin
	case !seen:
		ts.Fatalf("the cluster has never shown %s", args[0])
	}
	ts.Logf("explained %s after the cluster knew (%s in all)", end.Sub(known).Round(time.Millisecond), end.Sub(begin).Round(time.Millisecond))
	if end.Sub(known) > explainedWithin {
		ts.Fatalf("explained only %s after the cluster knew", end.Sub(known))
	}
}

// searchCanaries looks for the values of secrets, in clear and in base64.
func searchCanaries(ts *testscript.TestScript, output string) {
	for value := range strings.FieldsSeq(ts.Getenv("CANARIES")) {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value + "\n"))} {
			if strings.Contains(output, form) {
				ts.Fatalf("the output has the secret value %s", value)
			}
		}
	}
}

// evidence is when the cluster has shown something for the first time.
type evidence struct {
	pattern *regexp.Regexp
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	mu      sync.Mutex
	at      time.Time
}

// watchFor watches the script's namespace from now on.
func watchFor(ts *testscript.TestScript, pattern string) *evidence {
	ctx, cancel := context.WithCancel(context.Background())
	w := &evidence{pattern: regexp.MustCompile(pattern), cancel: cancel}
	config, err := clientcmd.BuildConfigFromFlags("", ts.Getenv("KUBECONFIG"))
	ts.Check(err)
	client, err := dynamic.NewForConfig(config)
	ts.Check(err)
	for _, resource := range []schema.GroupVersionResource{
		{Version: "v1", Resource: "pods"}, {Version: "v1", Resource: "events"}, {Version: "v1", Resource: "persistentvolumeclaims"},
		{Group: "batch", Version: "v1", Resource: "jobs"},
	} {
		objects := client.Resource(resource).Namespace(ts.Getenv("NS"))
		list, err := objects.List(ctx, metav1.ListOptions{})
		ts.Check(err)
		changes, err := objects.Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
		ts.Check(err)
		w.wg.Go(func() {
			for event := range changes.ResultChan() {
				if text, err := json.Marshal(event.Object); err == nil && w.pattern.Match(text) {
					w.see()
				}
			}
		})
	}
	return w
}

func (w *evidence) see() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at.IsZero() {
		w.at = time.Now()
	}
}

func (w *evidence) first() (at time.Time, seen bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, !w.at.IsZero()
}

func (w *evidence) stop() {
	w.cancel()
	w.wg.Wait()
}
