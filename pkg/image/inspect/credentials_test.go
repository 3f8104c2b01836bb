package inspect

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestCredentialsOfDockersConfiguration: a registry that asks for a password
// gets the one of `docker login`, and no message ever has it.
func TestCredentialsOfDockersConfiguration(t *testing.T) {
	s := startRegistry(t)
	const user, password = "shop", "hunter2"
	s.mu.Lock()
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, ok := r.BasicAuth(); ok && u == user && p == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	s.mu.Unlock()
	ref, err := name.ParseReference(s.name("app:1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, imageWith(t, "linux/amd64", everything), remote.WithAuth(&authn.Basic{Username: user, Password: password})); err != nil {
		t.Fatal(err)
	}
	login := func(secret string) {
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
		config := `{"auths":{"` + ref.Context().RegistryStr() + `":{"auth":"` + auth + `"}}}`
		if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		_, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: ref.Name()})
		return err
	}
	wantFault(t, read(), Refused, "is not given out by its registry")
	login("wrong-" + password)
	err = read()
	wantFault(t, err, Refused, "is not given out by its registry")
	if strings.Contains(err.Error(), password) {
		t.Errorf("the message has the password: %v", err)
	}
	login(password)
	if err := read(); err != nil {
		t.Errorf("with the right password: %v", err)
	}
}
