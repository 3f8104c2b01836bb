package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

var deployments = schema.GroupResource{Group: "apps", Resource: "deployments"}

func conflictError(causes ...metav1.StatusCause) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusConflict, Reason: metav1.StatusReasonConflict,
		Details: &metav1.StatusDetails{Causes: causes},
	}}
}

func managerCause(manager, field string) metav1.StatusCause {
	return metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Message: fmt.Sprintf("conflict with %q using apps/v1", manager), Field: field}
}

func TestRefusalsAreTold(t *testing.T) {
	op := plan.Op{
		Ref: render.Ref{GroupKind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "web"}, Verb: plan.Create,
		Path: "services.web", Pos: diag.Pos{File: "a.yml", Line: 3, Col: 1},
	}
	invalid := apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "Deployment"}, "web", field.ErrorList{field.Required(field.NewPath("spec"), "")})
	for _, c := range []struct {
		name  string
		err   error
		code  diag.Code
		words string
	}{
		{"invalid", invalid, diag.DeployInvalid, "spec: Required value"},
		{"conflict", conflictError(managerCause("kubectl", ".spec.replicas")), diag.DeployConflict, "spec.replicas of Deployment/web was set by kubectl"},
		{"quota", apierrors.NewForbidden(deployments, "web", errors.New("exceeded quota: q")), diag.DeployQuota, "exceeded quota: q"},
		{"permission", apierrors.NewForbidden(deployments, "web", errors.New("User \"u\" cannot patch")), diag.DeployForbidden, "cannot patch"},
		{"webhook", apierrors.NewBadRequest("admission webhook \"x\" denied the request: no"), diag.DeployDenied, "denied the request"},
		{"other", errors.New("broken"), diag.DeployFailed, "broken"},
	} {
		got := (&OpError{Op: op, Err: c.err}).Diagnostics()
		if len(got) != 1 || got[0].Code != c.code || got[0].Pos != op.Pos || !strings.Contains(got[0].Message, c.words) {
			t.Errorf("%s: %v, want %s with %q", c.name, got, c.code, c.words)
		}
	}
}

func TestSecretValuesAreNotInRefusals(t *testing.T) {
	const canary = "c2VjcmV0LWNhbmFyeQ"
	err := apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "s", field.ErrorList{field.Invalid(field.NewPath("data", "key"), canary, "illegal base64 "+canary)})
	op := plan.Op{Ref: render.Ref{GroupKind: schema.GroupKind{Kind: "Secret"}, Name: "s"}, Sensitive: true}
	for _, d := range (&OpError{Op: op, Err: err}).Diagnostics() {
		if text := d.String(); strings.Contains(text, canary) || !strings.Contains(text, "data.key") {
			t.Errorf("diagnostic: %s", text)
		}
	}
}

// A Secret that does not fit the schema is refused without a reason but the
// message, which repeats the value.
func TestRefusedSecretIsExplained(t *testing.T) {
	const canary = "canary"
	err := apierrors.NewInternalError(errors.New("failed to create typed patch object (default/own; /v1, Kind=Secret): .stringData.n: expected string, got " + canary))
	err.ErrStatus.Reason, err.ErrStatus.Details = "", nil
	op := plan.Op{Ref: render.Ref{GroupKind: schema.GroupKind{Kind: "Secret"}, Name: "own"}, Sensitive: true}
	got := (&OpError{Op: op, Err: err}).Diagnostics()
	if len(got) != 1 || got[0].Code != diag.DeployInvalid || !strings.Contains(got[0].Message, "is not shown") || !strings.Contains(got[0].Hint, "base64") || strings.Contains(got[0].String(), canary) {
		t.Errorf("got %v", got)
	}
}

func TestOnlyOurs(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{conflictError(managerCause("gantry-scale", ".spec.replicas")), true},
		{conflictError(managerCause("gantry-scale", ".spec.replicas"), managerCause("kubectl", ".spec.x")), false},
		{conflictError(managerCause("gantry-like", ".spec.replicas"), managerCause("gantryx", ".spec.x")), false},
		{conflictError(), false},
		{nil, false},
	} {
		if got := onlyOurs(c.err); got != c.want {
			t.Errorf("onlyOurs(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}

func TestTransient(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"too many requests", apierrors.NewTooManyRequests("slow down", 1), true},
		{"unavailable", apierrors.NewServiceUnavailable("restarting"), true},
		{"internal", apierrors.NewInternalError(errors.New("etcd")), true},
		{"connection reset", &url.Error{Op: "Patch", Err: syscall.ECONNRESET}, true},
		{"connection refused", &url.Error{Op: "Patch", Err: syscall.ECONNREFUSED}, true},
		{"not found", apierrors.NewNotFound(deployments, "web"), false},
		{"unexpected not found", apierrors.NewGenericServerResponse(404, "get", deployments, "web", "", 0, true), false},
		{"invalid", apierrors.NewBadRequest("no"), false},
		{"conflict", conflictError(), false},
	} {
		if got := isTransient(c.err); got != c.want {
			t.Errorf("%s: transient = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRetryRepeatsUntilItSucceeds(t *testing.T) {
	tries := 0
	start := time.Now()
	got, err := retry(t.Context(), func(context.Context) (int, error) {
		if tries++; tries < 3 {
			return 0, apierrors.NewServiceUnavailable("restarting")
		}
		return 7, nil
	})
	if err != nil || got != 7 || tries != 3 || time.Since(start) > 5*time.Second {
		t.Errorf("got %d, %v after %d tries in %s", got, err, tries, time.Since(start))
	}
	tries = 0
	_, err = retry(t.Context(), func(context.Context) (int, error) {
		tries++
		return 0, apierrors.NewBadRequest("no")
	})
	if err == nil || tries != 1 {
		t.Errorf("a refusal was tried %d times", tries)
	}
}
