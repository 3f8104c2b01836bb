package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd/api"
)

// nodeLog is a container's log on a node that breaks connections: every
// stream ends in the middle of a line after cut bytes, until cuts are used up.
type nodeLog struct {
	lines []timed
	open  bool // more may come: a follower waits
	cut   int
	cuts  int
}

// apiServer speaks as much of the Kubernetes API as logs need: LIST and WATCH
// of pods, and logs by sinceTime, tailLines and follow as a kubelet does them.
type apiServer struct {
	t  *testing.T
	mu sync.Mutex
	// wake is closed and made anew with every change.
	wake    chan struct{}
	pods    []*corev1.Pod
	history []metav1.WatchEvent
	logs    map[string]*nodeLog // pod, or pod/previous
	opened  map[string]int
}

func newAPIServer(t *testing.T) (*apiServer, *Client) {
	t.Helper()
	isolate(t)
	s := &apiServer{t: t, wake: make(chan struct{}), logs: map[string]*nodeLog{}, opened: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/namespaces/ns/pods", s.servePods)
	mux.HandleFunc("GET /api/v1/namespaces/ns/pods/{pod}", s.servePod)
	mux.HandleFunc("GET /api/v1/namespaces/ns/pods/{pod}/log", s.serveLog)
	mux.HandleFunc("GET /apis/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	c, err := Connect(Config{Kubeconfig: writeKubeconfig(t, "a", map[string]*api.Cluster{"a": {Server: server.URL}}), Namespace: "ns"})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// change runs under the lock and wakes all that wait.
func (s *apiServer) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.wake)
	s.wake = make(chan struct{})
}

// put adds or replaces a pod.
func (s *apiServer) put(p *corev1.Pod) { s.change(func() { s.putLocked(p) }) }

func (s *apiServer) putLocked(p *corev1.Pod) {
	p.ResourceVersion = strconv.Itoa(len(s.history) + 1)
	for i := range s.pods {
		if s.pods[i].Name == p.Name {
			s.pods[i] = p
			s.record("MODIFIED", p)
			return
		}
	}
	s.pods = append(s.pods, p)
	s.record("ADDED", p)
}

func (s *apiServer) record(kind string, p *corev1.Pod) {
	p.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	data, err := json.Marshal(p)
	if err != nil {
		s.t.Error(err)
	}
	e := metav1.WatchEvent{Type: kind}
	e.Object.Raw = data
	s.history = append(s.history, e)
}

// write appends lines to a log.
func (s *apiServer) write(name string, lines ...timed) {
	s.change(func() {
		if s.logs[name] == nil {
			s.logs[name] = &nodeLog{open: true}
		}
		s.logs[name].lines = append(s.logs[name].lines, lines...)
	})
}

// end closes a log.
func (s *apiServer) end(name string) { s.change(func() { s.logs[name].open = false }) }

func (s *apiServer) servePods(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("watch") != "true" {
		s.mu.Lock()
		defer s.mu.Unlock()
		list := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(len(s.history))}}
		for _, p := range s.pods {
			list.Items = append(list.Items, *p)
		}
		_ = json.NewEncoder(w).Encode(list)
		return
	}
	next, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	for {
		s.mu.Lock()
		news, wake := s.history[next:], s.wake
		s.mu.Unlock()
		for _, e := range news {
			_ = json.NewEncoder(w).Encode(e)
		}
		next += len(news)
		w.(http.Flusher).Flush()
		select {
		case <-wake:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *apiServer) servePod(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	for _, p := range s.pods {
		if p.Name == r.PathValue("pod") {
			_ = json.NewEncoder(w).Encode(p)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pod not found","reason":"NotFound","code":404}`)
}

func (s *apiServer) serveLog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name := r.PathValue("pod")
	if q.Get("previous") == "true" {
		name += "/previous"
	}
	s.mu.Lock()
	log := s.logs[name]
	s.opened[name]++
	s.mu.Unlock()
	if log == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"container is waiting to start","reason":"BadRequest","code":400}`)
		return
	}
	since, _ := time.Parse(time.RFC3339, q.Get("sinceTime"))
	next := 0
	if tail, err := strconv.Atoi(q.Get("tailLines")); err == nil {
		next = max(0, len(log.lines)-tail)
	}
	sent := 0
	for {
		s.mu.Lock()
		news, open, wake, cut := log.lines[next:], log.open, s.wake, log.cuts > 0
		s.mu.Unlock()
		for _, line := range news {
			if line.at.Before(since) {
				continue
			}
			text := line.at.Format(time.RFC3339Nano) + " " + line.text + "\n"
			if cut && sent+len(text) > log.cut {
				fmt.Fprint(w, text[:max(0, log.cut-sent)])
				w.(http.Flusher).Flush()
				s.change(func() { log.cuts-- })
				panic(http.ErrAbortHandler) // breaks the connection
			}
			sent += len(text)
			fmt.Fprint(w, text)
		}
		next += len(news)
		w.(http.Flusher).Flush()
		if q.Get("follow") != "true" || !open {
			return
		}
		select {
		case <-wake:
		case <-r.Context().Done():
			return
		}
	}
}

// numberedLines are n lines from the first, a tenth of a second apart.
func numberedLines(first, n int) []timed {
	var out []timed
	for i := first; i < first+n; i++ {
		out = append(out, timed{noon.Add(time.Duration(i) * 100 * time.Millisecond), fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%7))})
	}
	return out
}
