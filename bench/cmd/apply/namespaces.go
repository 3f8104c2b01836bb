package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// cleanTime bounds how long the namespaces may take to go.
const cleanTime = 10 * time.Minute

// namespace makes an empty namespace of this run.
func (m *measurement) namespace(ctx context.Context, what string) (string, error) {
	name := fmt.Sprintf("bench-%s-%d", what, len(m.namespaces))
	_, err := m.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	m.namespaces = append(m.namespaces, name)
	return name, nil
}

// clean deletes the namespaces of this run and waits until they are gone. It
// works on after an interrupt.
func (m *measurement) clean() {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	for _, name := range m.namespaces {
		_ = m.kube.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	}
	for _, name := range m.namespaces {
		_ = wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
			_, err := m.kube.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
			return apierrors.IsNotFound(err), nil
		})
	}
	m.namespaces = nil
}
