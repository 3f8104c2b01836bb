package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/state"
)

func newCluster(t *testing.T) *state.Cluster {
	t.Helper()
	s := &state.Store{Root: t.TempDir()}
	c, err := s.New("test", state.NodesBoth, []string{"apiserver"}, func(state.Network) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := Ensure(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func readCert(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestCredentials verifies each certificate against its authority, and that no
// other authority's purpose is opened by it.
func TestCredentials(t *testing.T) {
	c := newCluster(t)
	for _, cred := range Credentials(c) {
		cert := readCert(t, c.Dir.PKI(cred.Name+".crt"))
		if cert.Subject.CommonName != cred.User || !slices.Equal(cert.Subject.Organization, cred.Groups) {
			t.Errorf("%s is of %v", cred.Name, cert.Subject)
		}
		for _, ca := range authorities() {
			pool := x509.NewCertPool()
			pool.AddCert(readCert(t, c.Dir.PKI(ca+".crt")))
			_, err := cert.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			if (err == nil) != (ca == cred.CA) {
				t.Errorf("%s checked against %s gives %v", cred.Name, ca, err)
			}
		}
		for _, host := range []string{"127.0.0.1", "localhost", c.Network.Gateway} {
			if err := cert.VerifyHostname(host); (err == nil) != cred.Server {
				t.Errorf("%s as server %s: %v, want ok %v", cred.Name, host, err, cred.Server)
			}
		}
		info, err := os.Stat(c.Dir.PKI(cred.Name + ".key"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key of %s: %v %v, want mode 0600", cred.Name, info, err)
		}
	}
}

// TestEnsureKeeps requires that a second run changes nothing: what was issued
// is in use.
func TestEnsureKeeps(t *testing.T) {
	c := newCluster(t)
	before := readCert(t, c.Dir.PKI("admin.crt"))
	if err := Ensure(c); err != nil {
		t.Fatal(err)
	}
	if !before.Equal(readCert(t, c.Dir.PKI("admin.crt"))) {
		t.Error("the second run issued new certificates")
	}
	// One that was interrupted is begun anew as a whole.
	if err := os.Remove(c.Dir.PKI(done)); err != nil {
		t.Fatal(err)
	}
	if err := Ensure(c); err != nil {
		t.Fatal(err)
	}
	if before.Equal(readCert(t, c.Dir.PKI("admin.crt"))) {
		t.Error("an interrupted run was taken for a complete one")
	}
}

// TestKubeconfig uses an admin's kubeconfig against a server with the
// cluster's certificate.
func TestKubeconfig(t *testing.T) {
	c := newCluster(t)
	config, err := clientcmd.BuildConfigFromFlags("", c.Dir.Kubeconfig("admin"))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != Server(c) {
		t.Errorf("server is %s, want %s", config.Host, Server(c))
	}
	pair, err := tls.LoadX509KeyPair(c.Dir.PKI("apiserver.crt"), c.Dir.PKI("apiserver.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(readCert(t, c.Dir.CA()))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("User", r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.CAData)
	cert, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}}}
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("User"); got != "gantry-admin" {
		t.Errorf("the server sees user %q", got)
	}
}
