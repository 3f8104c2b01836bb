package plan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// maxInventoryBytes bounds what decoding expands to; an inventory of 10,000
// objects has about 2 MB.
const maxInventoryBytes = 64 << 20

// EncodeInventory returns the inventory's Secret: the parent of the project's
// ApplySet. Two equal inventories give equal Secrets.
func EncodeInventory(inv Inventory, namespace string) (*corev1.Secret, error) {
	inv.Version = inventoryVersion
	data, err := deflate(inv)
	if err != nil {
		return nil, fmt.Errorf("encode the inventory of project %s: %w", inv.Project, err)
	}
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: InventoryName(inv.Project), Namespace: namespace,
			Labels: map[string]string{
				LabelApplySetID:        ApplySetID(inv.Project, namespace),
				render.LabelManagedBy:  render.ManagedBy,
				"gantry.dev/inventory": "true",
			},
			Annotations: map[string]string{
				annotationTooling:    tooling,
				annotationGroupKinds: encodeKinds(inv.GroupKinds()),
			},
		},
		Type: InventoryType,
		Data: map[string][]byte{inventoryDataKey: data},
	}, nil
}

// InventorySelector selects the inventory Secrets of all projects.
const InventorySelector = "gantry.dev/inventory=true"

func deflate(inv Inventory) ([]byte, error) {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if err := json.NewEncoder(w).Encode(inv); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// DecodeInventory reads an inventory from its Secret. The error says that the
// Secret is not an inventory, is damaged, or was written by a newer gantry.
func DecodeInventory(secret *corev1.Secret) (Inventory, error) {
	if secret.Type != InventoryType {
		return Inventory{}, fmt.Errorf("secret %s is of type %q, not an inventory (%s)", secret.Name, secret.Type, InventoryType)
	}
	var inv Inventory
	if err := inflate(secret.Data[inventoryDataKey], &inv); err != nil {
		return Inventory{}, fmt.Errorf("read the inventory in secret %s: %w", secret.Name, err)
	}
	if inv.Version > inventoryVersion {
		return Inventory{}, fmt.Errorf("the inventory in secret %s has format %d: it was written by a newer gantry", secret.Name, inv.Version)
	}
	inv.Members = sortMembers(inv.Members)
	inv.Exists, inv.UID, inv.ResourceVersion = true, string(secret.UID), secret.ResourceVersion
	return inv, nil
}

func inflate(data []byte, into *Inventory) error {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(io.LimitReader(r, maxInventoryBytes)).Decode(into)
}

// encodeKinds writes kinds as the ApplySet annotation has them: Kind.group,
// sorted, separated by commas.
func encodeKinds(kinds []schema.GroupKind) string {
	words := make([]string, 0, len(kinds))
	for _, gk := range kinds {
		words = append(words, gk.String())
	}
	return strings.Join(words, ",")
}
