package render

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func TestCores(t *testing.T) {
	for in, want := range map[float32]string{0.1: "100m", 0.7: "700m", 1.5: "1500m", 2: "2", 0.0005: "1m", 0.3333: "334m", 0: "0"} {
		if q := cores(float64(in)); q.String() != want {
			t.Errorf("%v: got %s, want %s", in, q.String(), want)
		}
	}
}

func TestShareIsRoundedUp(t *testing.T) {
	for _, c := range []struct {
		bytes, n int64
		want     string
	}{{1 << 30, 2, "512Mi"}, {1 << 30, 3, "342Mi"}, {3 << 20, 2, "2Mi"}} {
		if q := share(memory(c.bytes), c.n); q.String() != c.want {
			t.Errorf("%d/%d: got %s, want %s", c.bytes, c.n, q.String(), c.want)
		}
	}
	if q := share(cores(0.5), 3); q.String() != "167m" {
		t.Errorf("CPU: got %s", q.String())
	}
}

// TestDurationsAreNeverShortened: a probe waits at least as long as Docker, and
// less than a second more.
func TestDurationsAreNeverShortened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "d"))
		s := time.Duration(seconds(d)) * time.Second
		if s < d || s-d >= time.Second && s != time.Second {
			t.Fatalf("%s becomes %s", d, s)
		}
		interval := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "interval"))
		step := time.Duration(seconds(interval)) * time.Second
		if total := time.Duration(times(d, interval)) * step; total < d || total-d >= step {
			t.Fatalf("%d checks every %s for %s", times(d, interval), step, d)
		}
	})
}

func TestOnlyALimitOfProcessesIsReported(t *testing.T) {
	for value, want := range map[string]string{"-1": "", "0": "", "100": string(diag.CodePids)} {
		short := renderText(t, "services: {web: {image: x, pids_limit: "+value+"}}", nil, nil)
		long := renderText(t, "services: {web: {image: x, deploy: {resources: {limits: {pids: "+value+"}}}}}", nil, nil)
		if short.codes(diag.Warning) != want || long.codes(diag.Warning) != want {
			t.Errorf("%s: %v, %v", value, short.diags, long.diags)
		}
	}
}

func TestTimeZones(t *testing.T) {
	for name, want := range map[string]bool{
		"UTC": true, "Europe/Paris": true, "America/Argentina/Buenos_Aires": true, "Etc/GMT+5": true,
		"": false, "Local": false, "local": false, "Europe/Nowhere": false, "../etc/passwd": false, "/UTC": false, "-x": false, "CET/": false,
	} {
		if isTimeZone(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}
