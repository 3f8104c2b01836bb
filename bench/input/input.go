// Package input makes the applications that bench measures with. The same
// arguments give the same bytes.
//
// It may import the standard library only.
package input

import (
	"fmt"
	"strings"
)

// Size says what an application is made of.
type Size struct {
	// Services is their number.
	Services int
	// Replicas of each; 0 measures the API alone.
	Replicas int
	// Unpublished leaves the published port out, so that a service is three
	// objects: Deployment, Service and PersistentVolumeClaim.
	Unpublished bool
	// Changed gives the last service another image.
	Changed bool
}

// Compose returns a Compose file with services of a usual shape: image,
// command, three variables, a published port, a named volume, a healthcheck,
// limits, and depends_on the one before, except for every tenth.
func Compose(s Size) string {
	var b strings.Builder
	b.WriteString("name: bench\nservices:\n")
	for i := range s.Services {
		service(&b, s, i)
	}
	b.WriteString("volumes:\n")
	for i := range s.Services {
		fmt.Fprintf(&b, "  data%04d: {}\n", i)
	}
	return b.String()
}

func service(b *strings.Builder, s Size, i int) {
	version := i % 10
	if s.Changed && i == s.Services-1 {
		version += 10
	}
	fmt.Fprintf(b, "  s%04d:\n", i)
	fmt.Fprintf(b, "    image: registry.example.com/team/s%04d:1.%d.0\n", i, version)
	b.WriteString("    command: [serve, --port, \"8080\"]\n")
	fmt.Fprintf(b, "    environment:\n      LOG_LEVEL: info\n      PORT: \"8080\"\n      UPSTREAM: http://s%04d:8080\n", max(i-1, 0))
	if s.Unpublished {
		b.WriteString("    expose: [\"8080\"]\n")
	} else {
		fmt.Fprintf(b, "    ports:\n      - \"%d:8080\"\n", 10000+i)
	}
	fmt.Fprintf(b, "    volumes:\n      - data%04d:/data\n", i)
	b.WriteString("    healthcheck:\n      test: [CMD, check, --port, \"8080\"]\n      interval: 10s\n      timeout: 2s\n      retries: 3\n")
	fmt.Fprintf(b, "    deploy:\n      replicas: %d\n      resources:\n        limits:\n          cpus: \"0.50\"\n          memory: 128M\n", s.Replicas)
	if i%10 != 0 {
		fmt.Fprintf(b, "    depends_on:\n      - s%04d\n", i-1)
	}
}

// Kustomization returns a kustomization file with a secretGenerator, over the
// resources that are named.
func Kustomization(resources ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
	if len(resources) > 0 {
		b.WriteString("resources:\n")
	}
	for _, r := range resources {
		fmt.Fprintf(&b, "  - %s\n", r)
	}
	b.WriteString("secretGenerator:\n  - name: bench-pass\n    literals:\n      - password=bench\n")
	return b.String()
}
