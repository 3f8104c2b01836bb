package apps

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// testShop runs the four tiers: the API is built here, the images of the others
// are made from Debian's packages.
func testShop(t *testing.T, s *store) {
	a := newApp(t, "shop", s, map[string]string{"nginx": "nginx", "redis": "redis", "postgres": "postgres"})
	s.golang(t, "docker.io/library/golang:1.26")
	a.env = append(a.env, "GOPROXY="+s.run(t, "go", "env", "GOPROXY"))
	watch := a.watchForSecrets("change-me")
	a.compose("up", "--build")
	b := a.browse("web", "shop.test")
	a.eventually(func() error { return b.shows("/", `"items":[],"visits":1`) })
	if _, err := b.send(http.MethodPost, "/items", "application/json", `{"name":"tea","cents":350}`, nil); err != nil {
		t.Fatal(err)
	}
	a.eventually(func() error { return b.shows("/", tea) })
	a.startedInOrder()
	a.scaledByItself()
	a.isolated()
	a.nightly()
	a.debugged()
	if again := a.said.Len(); !strings.Contains(a.composeUp(), "Nothing changed") {
		t.Errorf("a second up changes something: %s", a.said.Bytes()[again:])
	}

	a.kubectl("delete", "pod", "-l", "com.docker.compose.service=db")
	a.eventually(func() error { return b.shows("/", tea) })
	a.compose("logs")
	a.compose("down")
	a.compose("up")
	b = a.browse("web", "shop.test")
	a.eventually(func() error { return b.shows("/", tea) })
	a.compose("logs")
	watch.judge()
	a.compose("down", "--volumes")
	a.compose("up")
	b = a.browse("web", "shop.test")
	a.eventually(func() error { return b.shows("/", `"items":[]`) })
	a.compose("down", "--volumes")
	watch.judge()
	a.nothingLeft()
}

const tea = `{"id":1,"name":"tea","cents":350}`

// composeUp runs `up` and returns what it told on the way.
func (a *app) composeUp() string {
	a.Helper()
	begin := a.said.Len()
	a.compose("up")
	return string(a.said.Bytes()[begin:])
}

// startedInOrder wants that the migration had ended before the API began.
func (a *app) startedInOrder() {
	a.Helper()
	migrated := a.time("job/migrate", "{.status.completionTime}")
	served := a.time("pod", "{.items[0].status.containerStatuses[0].state.running.startedAt}", "-l", "com.docker.compose.service=api", "--sort-by=.metadata.creationTimestamp")
	if served.Before(migrated) {
		a.Errorf("the API began at %s, the migration ended at %s", served, migrated)
	}
}

func (a *app) time(object, path string, args ...string) time.Time {
	a.Helper()
	text := a.kubectl(append([]string{"get", object, "-o", "jsonpath=" + path}, args...)...)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		a.Fatalf("%s of %s: %v", path, object, err)
	}
	return at
}

// scaledByItself wants as many replicas as the autoscaler holds at least, and
// the other params in the objects.
func (a *app) scaledByItself() {
	a.Helper()
	a.has("2", "deployment/api", "{.status.readyReplicas}")
	a.has("api.shop.localhost 8000", "ingress/api", "{.spec.rules[0].host} {.spec.rules[0].http.paths[0].backend.service.port.number}")
	a.has("5Gi", "pvc/shop-data", "{.status.capacity.storage}")
}

// has waits until a field of an object has a value.
func (a *app) has(want, object, path string) {
	a.Helper()
	a.eventually(func() error {
		if got := a.kubectl("get", object, "-o", "jsonpath="+path); got != want {
			return fmt.Errorf("%s of %s is %q, want %q", path, object, got, want)
		}
		return nil
	})
}

// isolated wants that the front reaches the API, and not the database behind it.
func (a *app) isolated() {
	a.Helper()
	try := func(url string) error {
		cmd := a.program("gantry", "compose", "-n", a.namespace, "exec", "-T", "web", "curl", "-sS", "--max-time", "3", url)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	a.eventually(func() error { return try("http://api:8000/healthz") })
	if err := try("telnet://db:5432"); err == nil || !strings.Contains(err.Error(), "Failed to connect to db") {
		a.Errorf("the database is not kept from the front: %v", err)
	}
}

// nightly runs the job of the night now.
func (a *app) nightly() {
	a.Helper()
	a.kubectl("create", "job", "--from=cronjob/nightly", "nightly-now")
	a.has("1", "job/nightly-now", "{.status.succeeded}")
	if logs := a.kubectl("logs", "job/nightly-now"); !strings.Contains(logs, "1 items worth 3.50") {
		a.Errorf("the nightly report: %s", logs)
	}
	a.kubectl("delete", "job", "nightly-now")
}

// debugged goes into the database by the shell of the profile debug, which is
// gone again after an `up` without it.
func (a *app) debugged() {
	a.Helper()
	a.compose("--profile", "debug", "up")
	a.eventually(func() error {
		out, err := a.program("gantry", "compose", "-n", a.namespace, "exec", "-T", "shell", "psql", "-tc", "SELECT name FROM items").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "tea") {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	a.compose("up")
	if left := a.kubectl("get", "deployment,pod", "-l", "com.docker.compose.service=shell", "-o", "name"); strings.Contains(left, "deployment") {
		a.Errorf("the shell is still there: %s", left)
	}
}
