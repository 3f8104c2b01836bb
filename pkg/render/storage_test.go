package render

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

func TestNamedVolumeIsAClaim(t *testing.T) {
	class := "fast"
	par := params.Params{Kubernetes: params.Kubernetes{Volumes: map[string]params.KubernetesVolume{"db_data": {Size: "20Gi", Class: &class}}}}
	r := renderText(t, `services: {db: {image: x, user: "999:999", volumes: ["db_data:/var/lib/data:ro"]}}
volumes: {db_data: {labels: {owner: team a}}, unused: {}}`, &par, nil)
	r.expectErrors("")
	r.expect("PersistentVolumeClaim", "shop-db-data", "spec", `{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"20Gi"}},"storageClassName":"fast"}`)
	r.expect("PersistentVolumeClaim", "shop-db-data", "metadata.annotations", `{"owner":"team a"}`)
	r.expect("Deployment", "db", pod+"containers.0.volumeMounts", `[{"mountPath":"/var/lib/data","name":"volume-db-data","readOnly":true}]`)
	r.expect("Deployment", "db", "spec.strategy.type", `"Recreate"`)
	r.expect("Deployment", "db", pod+"securityContext.fsGroup", "999")
	if strings.Contains(strings.Join(r.names(), " "), "unused") {
		t.Error("a volume that nothing mounts needs no claim")
	}
}

func TestVolumeNamesAndExternal(t *testing.T) {
	r := renderText(t, `services: {db: {image: x, volumes: ["one:/a", "two:/b"]}}
volumes: {one: {name: My_Volume}, two: {external: true, name: existing}}`, nil, nil)
	r.expect("PersistentVolumeClaim", "my-volume", "metadata.name", `"my-volume"`)
	r.expect("Deployment", "db", pod+"volumes.1.persistentVolumeClaim.claimName", `"existing"`)
	if len(r.set.Requires) != 1 || r.set.Requires[0].Name != "existing" {
		t.Errorf("requires %v", r.set.Requires)
	}
}

func TestSharedVolumeKeepsItsPodsTogether(t *testing.T) {
	const file = `services: {a: {image: x, volumes: ["data:/d"]}, b: {image: x, volumes: ["data:/d"]}}
volumes: {data: {}}`
	r := renderText(t, file, nil, nil)
	r.expect("Deployment", "a", pod+"affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey", `"kubernetes.io/hostname"`)
	par := params.Params{Kubernetes: params.Kubernetes{Volumes: map[string]params.KubernetesVolume{"data": {AccessModes: []string{"ReadWriteMany"}}}}}
	shared := renderText(t, file, &par, nil)
	shared.expect("Deployment", "a", pod+"affinity", "null")
	shared.expect("Deployment", "a", "spec.strategy", "null")
}

func TestDriverOptions(t *testing.T) {
	r := renderText(t, `services: {a: {image: x, volumes: ["net:/n", "tmp:/t", "opt:/o"]}}
volumes:
  net: {driver_opts: {type: nfs, o: "addr=10.0.0.9,ro", device: ":/export"}}
  tmp: {driver_opts: {type: tmpfs, o: "size=64m", device: tmpfs}}
  opt: {driver_opts: {type: none, o: bind, device: /srv}}`, nil, nil)
	r.expectErrors(string(diag.CodeVolumeOptions))
	r.expect("Deployment", "a", pod+"volumes.0.nfs", `{"path":"/export","readOnly":true,"server":"10.0.0.9"}`)
	r.expect("Deployment", "a", pod+"volumes.1.emptyDir", `{"medium":"Memory","sizeLimit":"64Mi"}`)
}

func TestMemoryVolumes(t *testing.T) {
	r := renderText(t, `services:
  a:
    image: x
    shm_size: 64m
    tmpfs: ["/run", "/tmp:size=1g,mode=1777"]
    volumes: [{type: tmpfs, target: /cache, tmpfs: {size: 1048576}}, "/anonymous"]`, nil, nil)
	r.expectErrors("")
	for i, want := range []string{`{"medium":"Memory","sizeLimit":"1Mi"}`, `{}`, `{"medium":"Memory"}`, `{"medium":"Memory","sizeLimit":"1Gi"}`, `{"medium":"Memory","sizeLimit":"64Mi"}`} {
		r.expect("Deployment", "a", pod+"volumes."+string(rune('0'+i))+".emptyDir", want)
	}
}

func TestVolumesFrom(t *testing.T) {
	r := renderText(t, `services: {a: {image: x, volumes: ["data:/d"]}, b: {image: x, volumes_from: ["a:ro"]}}
volumes: {data: {}}`, nil, nil)
	r.expectErrors("")
	r.expect("Deployment", "b", pod+"containers.0.volumeMounts", `[{"mountPath":"/d","name":"volume-data","readOnly":true}]`)
}

func TestBindsAreClassified(t *testing.T) {
	files := map[string]string{
		"nginx.conf": "server {}", "conf/a.conf": "a", "conf/sub/run.sh": "#!/bin/sh", "app/package.json": "{}", "empty/x/.keep": "",
		"big": strings.Repeat("x", 1<<20), "logo.bin": "\xff\xfe",
	}
	cases := []struct{ mount, errors string }{
		{"./nginx.conf:/etc/nginx.conf:ro", ""},
		{"./conf:/etc/conf:ro", ""},
		{"./logo.bin:/logo:ro", ""},
		{"/var/run/docker.sock:/var/run/docker.sock", "GTY340"},
		{"/etc/localtime:/etc/localtime:ro", "GTY341"},
		{"./app:/usr/src/app", "GTY342"},
		{"./missing:/data", "GTY343"},
		{"./big:/big:ro", "GTY344"},
	}
	for _, c := range cases {
		t.Run(c.mount, func(t *testing.T) {
			r := renderText(t, "services: {a: {image: x, volumes: ['"+c.mount+"']}}", nil, files)
			r.expectErrors(c.errors)
			allowed := renderText(t, "services: {a: {image: x, x-gantry: {allow: ["+c.errors+"]}, volumes: ['"+c.mount+"']}}", nil, files)
			allowed.expectErrors("")
		})
	}
	t.Run("tree", func(t *testing.T) {
		r := renderText(t, "services: {a: {image: x, volumes: ['./conf:/etc/conf:ro']}}", nil, files)
		r.expect("Deployment", "a", pod+"volumes.0.configMap.items.0", `{"key":"a.conf","mode":420,"path":"a.conf"}`)
		r.expect("Deployment", "a", pod+"volumes.0.configMap.items.1.mode", "493")
		r.expect("Deployment", "a", pod+"volumes.0.configMap.items.1.path", `"sub/run.sh"`)
		r.expect("ConfigMap", "a-etc-conf-", "data.a.conf", "null")
		r.expect("ConfigMap", "a-etc-conf-", "immutable", "true")
	})
	t.Run("file", func(t *testing.T) {
		r := renderText(t, "services: {a: {image: x, volumes: ['./logo.bin:/logo:ro']}}", nil, files)
		r.expect("Deployment", "a", pod+"containers.0.volumeMounts.0", `{"mountPath":"/logo","name":"bind-logo","readOnly":true,"subPath":"logo.bin"}`)
		if r.object("ConfigMap", "a-logo")["binaryData"] == nil {
			t.Error("bytes that are no text belong into binaryData")
		}
	})
	t.Run("writable", func(t *testing.T) {
		r := renderText(t, "services: {a: {image: x, volumes: ['./nginx.conf:/etc/nginx.conf']}}", nil, files)
		if got := r.codes(diag.Warning); got != string(diag.CodeBindReadOnly) {
			t.Errorf("warnings %q", got)
		}
	})
	t.Run("host path when allowed", func(t *testing.T) {
		r := renderText(t, "services: {a: {image: x, x-gantry: {allow: [GTY341]}, volumes: ['/etc/localtime:/etc/localtime:ro']}}", nil, files)
		r.expect("Deployment", "a", pod+"volumes.0.hostPath.path", `"/etc/localtime"`)
	})
}

func TestConfigsAndSecrets(t *testing.T) {
	const file = `services:
  a:
    image: x
    configs: [plain, {source: inline, target: /etc/app.conf, mode: 0400}]
    secrets: [token, {source: file, target: other}, {source: ext, target: /run/ext}]
  b: {image: x, secrets: [token]}
configs:
  plain: {file: ./plain.txt}
  inline: {content: hello}
secrets:
  token: {environment: TOKEN}
  file: {file: ./pass}
  ext: {external: true, name: mysql-pass, x-gantry: {key: password}}`
	files := map[string]string{"plain.txt": "text", "pass": "word"}
	r := renderText(t, file, nil, files)
	r.expectErrors("")
	mounts := pod + "containers.0.volumeMounts."
	for i, want := range []string{"/plain", "/etc/app.conf", "/run/secrets/token", "/run/secrets/other", "/run/ext"} {
		r.expect("Deployment", "a", mounts+string(rune('0'+i))+".mountPath", `"`+want+`"`)
	}
	r.expect("Deployment", "a", pod+"volumes.1.configMap.items.0.mode", "256")
	r.expect("Deployment", "a", pod+"volumes.4.secret", `{"items":[{"key":"password","mode":292,"path":"password"}],"secretName":"mysql-pass"}`)
	secrets := 0
	for _, o := range r.set.Objects {
		if o.GetKind() == "Secret" {
			secrets++
			if !o.Sensitive {
				t.Errorf("%s is not marked as sensitive", o.GetName())
			}
		}
	}
	if secrets != 2 {
		t.Errorf("%d Secrets, want token and file once each: %v", secrets, r.names())
	}
	changed := renderText(t, file, nil, map[string]string{"plain.txt": "changed", "pass": "word"})
	if before, after := r.object("ConfigMap", "shop-plain"), changed.object("ConfigMap", "shop-plain"); at(t, before, "metadata.name") == at(t, after, "metadata.name") {
		t.Error("changed content needs another name, so that it rolls out")
	}
}

func TestMissingFilesOfConfigsAndSecrets(t *testing.T) {
	r := renderText(t, `services: {a: {image: x, secrets: [s, e]}}
secrets: {s: {file: ./nope}, e: {environment: NOT_SET_ANYWHERE}}`, nil, nil)
	r.expectErrors("GTY350 GTY350")
}

func TestVolumesAreSeededWhereAskedFor(t *testing.T) {
	const file = `services: {a: {image: x, %svolumes: ["data:/srv/$$x", "/modules", "ro:/ro:ro", "ext:/ext"]}}
volumes: {data: {%s}, ro: {}, ext: {external: true}}`
	r := renderText(t, fmt.Sprintf(file, "", ""), nil, nil)
	r.expect("Deployment", "a", pod+"initContainers", "null")
	if got := r.codes(diag.Info); got != "GTY337 GTY337" {
		t.Errorf("remarks %s\n%v", got, r.diags)
	}
	yes := true
	for name, r := range map[string]rendered{
		"volume": renderText(t, fmt.Sprintf(file, "", "x-gantry: {seed: true}"), nil, nil),
		"params": renderText(t, fmt.Sprintf(file, "", ""), &params.Params{Kubernetes: params.Kubernetes{Volumes: map[string]params.KubernetesVolume{"data": {Seed: &yes}}}}, nil),
	} {
		t.Run(name, func(_ *testing.T) {
			r.expect("Deployment", "a", pod+"initContainers.0.volumeMounts", `[{"mountPath":"/gantry/seed","name":"volume-data"}]`)
			r.expect("Deployment", "a", pod+"initContainers.0.args", `["/srv/$$x"]`)
			r.expect("Deployment", "a", pod+"initContainers.1", "null")
		})
	}
	service := renderText(t, fmt.Sprintf(file, "x-gantry: {seed: true}, ", ""), nil, nil)
	service.expect("Deployment", "a", pod+"initContainers.1.volumeMounts.0.name", `"anonymous-modules"`)
	service.expect("Deployment", "a", pod+"initContainers.2.volumeMounts.0.name", `"volume-ro"`)
	service.expect("Deployment", "a", pod+"initContainers.3", "null")
}

// TestSeedScript runs the script in a real shell: an empty volume is filled,
// one with data is left alone, and a copy that was broken off is done again.
func TestSeedScript(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell here")
	}
	for name, c := range map[string]struct{ before, after string }{
		"empty":      {"", "file sub"},
		"new disk":   {"lost+found", "file lost+found sub"},
		"with data":  {"mine", "mine"},
		"broken off": {".gantry-seeding file", "file sub"},
	} {
		t.Run(name, func(t *testing.T) {
			image, volume := t.TempDir(), t.TempDir()
			for _, path := range []string{"file", "sub/deep"} {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(image, path)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(image, path), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range strings.Fields(c.before) {
				if err := os.WriteFile(filepath.Join(volume, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			script := strings.ReplaceAll(seedScript, seedPath, volume)
			if out, err := exec.Command(sh, "-c", script, "sh", image).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			entries, err := os.ReadDir(volume)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, e.Name())
			}
			if strings.Join(got, " ") != c.after {
				t.Errorf("got %v, want %s", got, c.after)
			}
		})
	}
}

// TestJobsVolumesHaveClaims: a named volume that only a job mounts is claimed.
func TestJobsVolumesHaveClaims(t *testing.T) {
	set, _ := renderCompose(t, `
jobs:
  nightly: {image: x, volumes: ["data:/data"], labels: {kompose.volume.size: 3Gi}, triggers: {manual: true}}
volumes: {data: {}}`)
	for _, o := range set.Objects {
		if o.GetKind() == "PersistentVolumeClaim" && o.GetName() == "shop-data" {
			return
		}
	}
	t.Errorf("no claim:\n%s", manifests(t, set))
}
