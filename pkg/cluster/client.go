package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// dialTimeout bounds the time to find out that nothing answers at the
// server's address.
const dialTimeout = 10 * time.Second

// Config says which cluster to connect to.
type Config struct {
	// Kubeconfig is the path of the file; "" means $KUBECONFIG or ~/.kube/config,
	// and inside a pod without either, its service account.
	Kubeconfig string
	// Context is the kubeconfig's context; "" means its current-context.
	Context string
	// Namespace; "" means the context's, and "default" when it has none.
	Namespace string
	// UserAgent that the server's audit log shows; "" means gantry/<os>-<arch>.
	UserAgent string
	// CacheDir holds discovery results between runs; "" means the folder gantry
	// in the user's cache folder.
	CacheDir string
	// Warn receives the warnings that the API server sends with its answers
	// (deprecated API versions, …); nil drops them.
	Warn func(text string)
}

// Client is a connection to one namespace of one cluster. It is safe for
// concurrent use.
type Client struct {
	rest      *rest.Config
	dynamic   dynamic.Interface
	kube      kubernetes.Interface
	metadata  metadata.Interface
	mapper    *mapper
	namespace string
	context   string
	cluster   string
}

// Connect loads the kubeconfig and makes the clients. It sends no request: an
// unreachable server shows at the first one. Client-side throttling is off, as
// the API server has its own fairness.
func Connect(cfg Config) (*Client, error) {
	loader := newKubeconfig(cfg)
	at, err := loader.resolve()
	if err != nil {
		return nil, err
	}
	c := &Client{rest: tune(at.rest, cfg), namespace: at.namespace, context: at.context, cluster: at.cluster}
	if err := c.build(cfg.CacheDir); err != nil {
		return nil, c.Explain(err)
	}
	return c, nil
}

// build makes the clients over one shared HTTP client, hence one connection.
func (c *Client) build(cacheDir string) error {
	httpClient, err := rest.HTTPClientFor(c.rest)
	if err != nil {
		return fmt.Errorf("make the HTTP client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(c.rest, httpClient); err != nil {
		return fmt.Errorf("make the dynamic client: %w", err)
	}
	if c.kube, err = kubernetes.NewForConfigAndClient(binary(c.rest), httpClient); err != nil {
		return fmt.Errorf("make the typed client: %w", err)
	}
	if c.metadata, err = metadata.NewForConfigAndClient(c.rest, httpClient); err != nil {
		return fmt.Errorf("make the metadata client: %w", err)
	}
	c.mapper, err = newMapper(c.rest, httpClient, cacheDir)
	return err
}

// Dynamic returns the client for objects of any kind.
func (c *Client) Dynamic() dynamic.Interface { return c.dynamic }

// Kube returns the typed client.
func (c *Client) Kube() kubernetes.Interface { return c.kube }

// Mapper returns kinds' resources from the discovery cache, which is refreshed
// when it does not know a kind.
func (c *Client) Mapper() meta.RESTMapper { return c.mapper }

// Mapping returns the resource of a kind; without versions, in the server's
// preferred one. The error is a *meta.NoKindMatchError, wrapped, when the
// server does not have the kind.
func (c *Client) Mapping(ctx context.Context, gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := c.mapper.mapping(ctx, gk, versions...)
	return mapping, c.Explain(err)
}

// Namespace returns the namespace that the client works in.
func (c *Client) Namespace() string { return c.namespace }

// Context returns the kubeconfig context's name; "" inside a pod without kubeconfig.
func (c *Client) Context() string { return c.context }

// ClusterName returns the name of the kubeconfig's cluster entry; "" inside a pod.
func (c *Client) ClusterName() string { return c.cluster }

// Host returns the URL of the API server.
func (c *Client) Host() string { return c.rest.Host }

// RESTConfig returns a copy of the connection's configuration, for clients of
// other protocols (exec, port-forward).
func (c *Client) RESTConfig() *rest.Config { return rest.CopyConfig(c.rest) }

// In returns the same connection in another namespace; "" means the same one.
func (c *Client) In(namespace string) *Client {
	other := *c
	if namespace != "" {
		other.namespace = namespace
	}
	return &other
}

// tune sets what every connection of gantry has in common.
func tune(in *rest.Config, cfg Config) *rest.Config {
	out := rest.CopyConfig(in)
	out.QPS = -1
	out.UserAgent = cfg.UserAgent
	if out.UserAgent == "" {
		out.UserAgent = "gantry/" + runtime.GOOS + "-" + runtime.GOARCH
	}
	out.WarningHandler = warnings{cfg.Warn}
	out.Wrap(func(next http.RoundTripper) http.RoundTripper { return &patient{next: next} })
	if out.Dial == nil {
		out.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	return out
}

// binary returns the configuration with protobuf bodies, which typed clients
// understand and which cost less on both sides.
func binary(in *rest.Config) *rest.Config {
	out := rest.CopyConfig(in)
	out.ContentType = "application/vnd.kubernetes.protobuf"
	out.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	return out
}

// warnings passes on the text of the API server's Warning headers (RFC 7234,
// section 5.5; Kubernetes uses code 299 only).
type warnings struct{ to func(string) }

func (w warnings) HandleWarningHeader(code int, _, text string) {
	if code == 299 && text != "" && w.to != nil {
		w.to(text)
	}
}

var _ rest.WarningHandler = warnings{}
