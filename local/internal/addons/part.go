package addons

import (
	"context"
	"fmt"
	"os"
	"strings"

	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// Name is the component's name, also of its log and kubeconfig.
const Name = "addons"

// Part gives the add-ons, which every kind of cluster has.
func Part() component.Part {
	return component.Part{
		Name: Name,
		Components: []component.Component{{
			Name:  Name,
			Needs: []string{"apiserver"},
			Argv:  func(c *state.Cluster) []string { return []string{"--dir=" + string(c.Dir)} },
			Env:   func(*state.Cluster) []string { return []string{"GOGC=50"} },
			Run:   run,
		}},
		Ready: classExists,
	}
}

// classExists waits for the default StorageClass, which the component makes
// when it starts to work.
func classExists(ctx context.Context, _ *state.Cluster, client kubernetes.Interface) error {
	_, err := client.StorageV1().StorageClasses().Get(ctx, className, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("the default StorageClass does not exist yet")
	}
	return err
}

// run is the component.
func run(ctx context.Context, args []string) error {
	if len(args) != 1 || !strings.HasPrefix(args[0], "--dir=") {
		return fmt.Errorf("want only --dir=DIR, not %q", args)
	}
	c, err := state.LoadDir(strings.TrimPrefix(args[0], "--dir="))
	if err != nil {
		return err
	}
	client, err := connect(c)
	if err != nil {
		return err
	}
	if err := ensureClass(ctx, client); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runProvisioner(ctx, c, client)
	}()
	err = runBalancer(ctx, c, client)
	cancel()
	<-ended
	return err
}

// connect makes the client. The API server is on the same machine, so that it
// need not be spared.
func connect(c *state.Cluster) (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Dir.Kubeconfig(Name))
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	cfg.QPS, cfg.Burst = 200, 400
	cfg.ContentType, cfg.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make the client: %w", err)
	}
	return client, nil
}

// ensureClass makes the default StorageClass unless there is one of its name:
// it may have been changed.
func ensureClass(ctx context.Context, client kubernetes.Interface) error {
	_, err := client.StorageV1().StorageClasses().Create(ctx, defaultClass(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make the default StorageClass: %w", err)
	}
	return nil
}

// defaultClass is the default StorageClass. A folder has no size to change, so
// that claims can't be expanded.
func defaultClass() *storagev1.StorageClass {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	no := false
	return &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        className,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:          provisionerName,
		VolumeBindingMode:    &mode,
		AllowVolumeExpansion: &no,
	}
}

// mkdir makes the folder of a volume, which containers of any user write to.
func mkdir(path string) error {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return fmt.Errorf("make the volume's folder: %w", err)
	}
	// Not what is left of the mode by the process's umask.
	if err := os.Chmod(path, 0o777); err != nil {
		return fmt.Errorf("open the volume's folder: %w", err)
	}
	return nil
}
