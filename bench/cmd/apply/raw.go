package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// rawLoop is the word that makes this program the loop that gantry is compared
// with: what the API server itself takes.
const rawLoop = "raw"

// loopManager is the loop's field manager.
const loopManager = "bench"

// raw reads manifests, sends each once by server-side apply, with as many
// requests in flight as gantry has, and with -wait watches until every
// Deployment is available.
func raw(ctx context.Context, args []string, _ io.Writer) error {
	fs := flag.NewFlagSet(rawLoop, flag.ContinueOnError)
	kubeconfig := fs.String("kubeconfig", "", "")
	namespace := fs.String("n", "", "")
	file := fs.String("f", "", "")
	parallel := fs.Int("parallel", 24, "")
	await := fs.Bool("wait", false, "")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	objects, err := read(*file)
	if err != nil {
		return err
	}
	if err := send(ctx, client, *namespace, *parallel, objects); err != nil || !*await {
		return err
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return available(ctx, kube, *namespace)
}

func read(file string) ([]*unstructured.Unstructured, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	decoder := utilyaml.NewYAMLOrJSONDecoder(bufio.NewReader(f), 4096)
	var out []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case len(o.Object) > 0:
			out = append(out, o)
		}
	}
}

func send(ctx context.Context, client dynamic.Interface, namespace string, parallel int, objects []*unstructured.Unstructured) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, o := range objects {
		group.Go(func() error {
			gvk := o.GroupVersionKind()
			// The plural is regular for the kinds of the input.
			resource := schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: strings.ToLower(gvk.Kind) + "s"}
			body, err := json.Marshal(o.Object)
			if err != nil {
				return err
			}
			_, err = client.Resource(resource).Namespace(namespace).
				Patch(ctx, o.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: loopManager})
			return err
		})
	}
	return group.Wait()
}

// available lists the Deployments, then watches until each has its replicas.
func available(ctx context.Context, kube kubernetes.Interface, namespace string) error {
	list, err := kube.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	waiting := map[string]bool{}
	for i := range list.Items {
		waiting[list.Items[i].Name] = !isAvailable(&list.Items[i])
	}
	left := 0
	for _, w := range waiting {
		if w {
			left++
		}
	}
	events, err := kube.AppsV1().Deployments(namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return err
	}
	defer events.Stop()
	for left > 0 {
		e, ok := <-events.ResultChan()
		if !ok {
			return fmt.Errorf("the watch ended with %d Deployments to go", left)
		}
		if d, is := e.Object.(*appsv1.Deployment); is && waiting[d.Name] && isAvailable(d) {
			waiting[d.Name] = false
			left--
		}
	}
	return nil
}

func isAvailable(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas == *d.Spec.Replicas
}
