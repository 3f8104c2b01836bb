package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// inventoryWriter writes the project's inventory. Every write is bound to the
// resource version that the run has seen last, so that of two runs at once the
// second one stops instead of mixing its changes with those of the first.
type inventoryWriter struct {
	kube kube
	last plan.Inventory
}

func newInventoryWriter(k kube, before plan.Inventory) *inventoryWriter {
	return &inventoryWriter{kube: k, last: before}
}

// annotationRun differs in every run that changes something: the write before
// the first change then moves the resource version even where the members stay
// the same, and a run that has observed the one before is refused.
const annotationRun = "gantry.dev/run"

// finish stores the inventory of the end, unless it is the one that stands.
func (w *inventoryWriter) finish(ctx context.Context, inv plan.Inventory) error {
	if w.last.Exists && sameInventory(inv, w.last) {
		return nil
	}
	return w.write(ctx, inv)
}

// write stores an inventory.
func (w *inventoryWriter) write(ctx context.Context, inv plan.Inventory) error {
	secret, err := plan.EncodeInventory(inv, w.kube.Namespace())
	if err != nil {
		return err
	}
	secret.Annotations[annotationRun] = newRunID()
	stored, err := w.store(ctx, secret)
	switch {
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err) && w.last.Exists:
		return ErrConcurrent
	case err != nil:
		return fmt.Errorf("write the project's inventory: %w", err)
	}
	w.last = inv
	w.last.Exists, w.last.UID, w.last.ResourceVersion = true, string(stored.UID), stored.ResourceVersion
	return nil
}

// store creates or updates the Secret. An answer that was lost on the way is
// recognised by the run's own mark.
func (w *inventoryWriter) store(ctx context.Context, secret *corev1.Secret) (*corev1.Secret, error) {
	secrets := w.kube.Kube().CoreV1().Secrets(w.kube.Namespace())
	stored, err := retry(ctx, func(ctx context.Context) (*corev1.Secret, error) {
		if !w.last.Exists {
			return secrets.Create(ctx, secret, metav1.CreateOptions{FieldManager: plan.FieldManager})
		}
		secret.UID, secret.ResourceVersion = types.UID(w.last.UID), w.last.ResourceVersion
		return secrets.Update(ctx, secret, metav1.UpdateOptions{FieldManager: plan.FieldManager})
	})
	if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
		return stored, err
	}
	now, getErr := secrets.Get(ctx, secret.Name, metav1.GetOptions{})
	if getErr == nil && now.Annotations[annotationRun] == secret.Annotations[annotationRun] {
		return now, nil
	}
	return nil, err
}

// remove deletes the inventory that the run has seen last.
func (w *inventoryWriter) remove(ctx context.Context) error {
	if !w.last.Exists {
		return nil
	}
	uid := types.UID(w.last.UID)
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &w.last.ResourceVersion}}
	_, err := retry(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, w.kube.Kube().CoreV1().Secrets(w.kube.Namespace()).Delete(ctx, plan.InventoryName(w.last.Project), options)
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		return ErrConcurrent
	case err != nil:
		return fmt.Errorf("delete the project's inventory: %w", err)
	}
	w.last.Exists = false
	return nil
}

// sameInventory compares what is stored.
func sameInventory(a, b plan.Inventory) bool {
	a.Version = b.Version
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
