package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Error is a failure that the user is told of: one sentence with a hint, and
// the cause for errors.Is and errors.As.
type Error struct {
	Diagnostic diag.Diagnostic
	Err        error
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Diagnostic.Message }

// Unwrap returns the cause; nil when there is none but the sentence.
func (e *Error) Unwrap() error { return e.Err }

func newError(d diag.Diagnostic, cause error) *Error { return &Error{Diagnostic: d, Err: cause} }

// fail makes an Error of a code and a sentence.
func fail(code diag.Code, hint, format string, args ...any) *Error {
	d := diag.New(code, diag.Pos{}, "", format, args...)
	d.Hint = hint
	return newError(d, nil)
}

// AsDiagnostic returns the diagnostic of an error that came through Explain.
func AsDiagnostic(err error) (diag.Diagnostic, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Diagnostic, true
	}
	return diag.Diagnostic{}, false
}

// Explain turns an error of a request into an *Error whose sentence says what
// is wrong with the connection or the permissions, and leaves nil, a
// cancelled context and what is explained already as they are.
func (c *Client) Explain(err error) error {
	var done *Error
	if err == nil || errors.As(err, &done) || errors.Is(err, context.Canceled) {
		return err
	}
	for _, explain := range []func(error) (diag.Diagnostic, bool){
		c.troubled, c.forbidden, c.unauthorized, c.kindUnknown, c.namespaceMissing, c.tls, c.plugin, c.unreachable,
	} {
		if d, ok := explain(err); ok {
			return newError(d, err)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return newError(diag.New(diag.ClusterRefused, diag.Pos{}, "", "%s", oneLine(err.Error())), err)
}

// troubled explains an API server that cannot serve requests at the moment.
func (c *Client) troubled(err error) (diag.Diagnostic, bool) {
	if !IsTrouble(err) {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterRefused, diag.Pos{}, "", "%s", Words(err))
	return d.WithHint("the API server is overloaded, restarting or cut off: run the command again in a moment"), true
}

// IsTrouble reports whether an error is an answer of the API server about its
// own trouble: 429, and from 500 on.
func IsTrouble(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := int(status.Status().Code)
	return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}

// Words says an error of a request in one line. The page that a load balancer
// answers with is not repeated, nor are the addresses of a broken connection.
func Words(err error) string {
	words := oneLine(err.Error())
	var status apierrors.APIStatus
	if at := strings.Index(words, "an error on the server ("); at >= 0 && errors.As(err, &status) {
		code := int(status.Status().Code)
		return fmt.Sprintf("%sthe API server answers %d %s", words[:at], code, http.StatusText(code))
	}
	if reason := networkReason(err); reason != "" {
		return "no answer of the API server: " + reason
	}
	return words
}

func (c *Client) kindUnknown(err error) (diag.Diagnostic, bool) {
	var noKind *meta.NoKindMatchError
	if !errors.As(err, &noKind) {
		return diag.Diagnostic{}, false
	}
	kind := noKind.GroupKind.Kind
	if len(noKind.SearchedVersions) > 0 && noKind.GroupKind.Group != "" {
		kind = noKind.GroupKind.Group + "/" + noKind.SearchedVersions[0] + " " + kind
	}
	d := diag.New(diag.ClusterKindUnknown, diag.Pos{}, "", "the cluster has no kind %s", kind)
	return d.WithHint("install the add-on that brings it (its CustomResourceDefinition)"), true
}

func (c *Client) namespaceMissing(err error) (diag.Diagnostic, bool) {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return diag.Diagnostic{}, false
	}
	details := status.Status().Details
	if details == nil || details.Kind != "namespaces" {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterNamespaceMissing, diag.Pos{}, "", "namespace %q does not exist", details.Name)
	return d.WithHint("create it with `kubectl create namespace %s`, or choose another with -n", details.Name), true
}

// oneLine joins the lines of a message.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
