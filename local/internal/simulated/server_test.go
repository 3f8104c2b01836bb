package simulated

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestSelectLines(t *testing.T) {
	started := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	now := started.Add(time.Minute)
	pod := func(failure string) *corev1.Pod {
		at := metav1.NewTime(started)
		p := &corev1.Pod{Status: corev1.PodStatus{StartTime: &at}}
		if failure != "" {
			p.Annotations = map[string]string{Annotation: failure}
		}
		return p
	}
	second := "simulated failure: gantry.dev/simulate=oom"
	tests := []struct {
		pod   *corev1.Pod
		query string
		want  []string
	}{
		{pod(""), "", []string{message}},
		{pod(FailOOM), "", []string{message, second}},
		{pod(FailOOM), "tailLines=1", []string{second}},
		{pod(FailOOM), "tailLines=0", []string{}},
		{pod(FailOOM), "tailLines=9&previous=true", []string{message, second}},
		{pod(""), "timestamps=true", []string{"2026-05-01T12:00:00Z " + message}},
		{pod(""), "sinceSeconds=59", nil},
		{pod(""), "sinceSeconds=61", []string{message}},
		{pod(""), "sinceTime=2026-05-01T12:00:01Z", nil},
		{pod(""), "sinceTime=2026-05-01T12:00:00Z", []string{message}},
	}
	for _, tt := range tests {
		query, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, selectLines(tt.pod, query, now)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
	}
}

// TestHandler asks for what a kubelet is asked for.
func TestHandler(t *testing.T) {
	client := fake.NewSimpleClientset(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p"}})
	server := httptest.NewServer(handler(client))
	defer server.Close()
	tests := []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"GET", "/containerLogs/n/p/c", 200, message},
		{"GET", "/containerLogs/n/none/c", 404, "not found"},
		{"POST", "/exec/n/p/c?command=ls", 400, message},
		{"POST", "/attach/n/p/c", 400, message},
		{"POST", "/portForward/n/p", 400, message},
		{"GET", "/other", 404, ""},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.code || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s %s gives %d %q, %v, want %d %q", tt.method, tt.path, resp.StatusCode, body, err, tt.code, tt.body)
		}
	}
}

// TestFollowEnds follows the log of a pod until the pod has ended.
func TestFollowEnds(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p"}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	client := fake.NewSimpleClientset(pod)
	server := httptest.NewServer(handler(client))
	defer server.Close()
	resp, err := http.Get(server.URL + "/containerLogs/n/p/c?follow=true")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line := make([]byte, len(message))
	if _, err := io.ReadFull(resp.Body, line); err != nil || string(line) != message {
		t.Fatalf("first line is %q, %v", line, err)
	}
	pod.Status.Phase = corev1.PodSucceeded
	if _, err := client.CoreV1().Pods("n").UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "\n" {
		t.Errorf("then comes %q, %v", rest, err)
	}
}

// TestMastersOnly lets in the API server's certificate only.
func TestMastersOnly(t *testing.T) {
	h := mastersOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	of := func(groups ...string) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Subject: pkix.Name{Organization: groups}}}}
	}
	tests := []struct {
		state *tls.ConnectionState
		want  int
	}{
		{nil, 403}, {&tls.ConnectionState{}, 403}, {of("system:nodes"), 403}, {of("system:masters"), 204},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.TLS = tt.state
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%v gives %d, want %d", tt.state, w.Code, tt.want)
		}
	}
}
