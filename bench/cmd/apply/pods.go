package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gantry-dev/gantry/bench"
)

const (
	// podsTime bounds how long making them may take.
	podsTime = 4 * time.Minute
	// nobody is a scheduler that does not exist: the pods are left alone by the
	// scheduler, the nodes and the controllers, and have the state that they are given.
	nobody = "bench"
)

// ps measures a listing of many pods. Peers list the same pods of the same
// namespace; gantry also names their services.
func (m *measurement) ps(ctx context.Context) error {
	namespace, err := m.namespace(ctx, "ps")
	if err != nil {
		return err
	}
	defer m.clean()
	begin := time.Now()
	if err := m.pods(ctx, namespace); err != nil {
		return fmt.Errorf("make %d pods: %w", m.listed, err)
	}
	fmt.Fprintf(m.out, "\n%d pods were made in %s\n", m.listed, time.Since(begin).Round(time.Second))
	ours := bench.Command{Name: "`gantry compose ps`", Path: m.gantry, Args: []string{"--kubeconfig", m.kubeconfig, "-n", namespace, "compose", "-p", "bench", "ps"}}
	kubectl := m.peer("kubectl", "--kubeconfig", m.kubeconfig, "-n", namespace, "get", "pods")
	kubectl.Name = "`kubectl get pods`"
	series, err := bench.InTurns(ctx, m.rounds, ours, kubectl)
	if err != nil {
		return err
	}
	t := head(fmt.Sprintf("list %d pods", m.listed))
	row(&t, ours, series[0], series[0])
	row(&t, kubectl, series[1], series[0])
	fmt.Fprintf(m.out, "\n%s%s", t, bench.Missing(kubectl))
	return nil
}

// pods makes running pods of the application's templates, the same number of each.
func (m *measurement) pods(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, podsTime)
	defer cancel()
	objects, err := read(m.file("app.yaml"))
	if err != nil {
		return err
	}
	var templates []corev1.PodTemplateSpec
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
			return err
		}
		templates = append(templates, d.Spec.Template)
	}
	config := rest.CopyConfig(m.config)
	config.QPS, config.ContentType = -1, runtime.ContentTypeProtobuf
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := account(ctx, kube, namespace); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range m.listed {
		group.Go(func() error {
			t := templates[i%len(templates)]
			return makePod(ctx, kube, namespace, fmt.Sprintf("%s-%05d", t.Spec.Containers[0].Name, i), t)
		})
	}
	return group.Wait()
}

// account waits for the namespace's ServiceAccount, without which there are no pods.
func account(ctx context.Context, kube kubernetes.Interface, namespace string) error {
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, err := kube.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
}

// makePod makes a pod and says of it what a node would.
func makePod(ctx context.Context, kube kubernetes.Interface, namespace, name string, t corev1.PodTemplateSpec) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: t.Labels, Annotations: t.Annotations}, Spec: *t.Spec.DeepCopy()}
	pod.Spec.SchedulerName = nobody
	made, err := kube.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	now, started := metav1.Now(), true
	made.Status.Phase, made.Status.StartTime, made.Status.PodIP = corev1.PodRunning, &now, "10.0.0.1"
	made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now}}
	for _, c := range made.Spec.Containers {
		made.Status.ContainerStatuses = append(made.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, ContainerID: "bench://" + name, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	_, err = kube.CoreV1().Pods(namespace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}
