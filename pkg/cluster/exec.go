package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// The exit codes of a command that does not start (POSIX, Shell Command
// Language, 2.8.2), which docker exec returns too.
const (
	ExitUnknown       = 125 // docker's code for a failure of its own
	ExitNotExecutable = 126
	ExitNotFound      = 127
)

// shell is what is started in a container to prepare a command.
const shell = "sh"

// Streams connect a process in a container with those who look at it.
type Streams struct {
	// In becomes the process's standard input; nil leaves it without one.
	In io.Reader
	// Out and Err take what it writes; nil drops it. With TTY all of it goes to Out.
	Out, Err io.Writer
	// TTY gives the process a terminal.
	TTY bool
	// Sizes returns the terminal's next size, as soon as it has one; ok is false
	// when there will be none any more. nil leaves the size as it is.
	Sizes func() (width, height uint16, ok bool)
}

// Exec runs a command in a replica's container and returns its exit code. The
// error says that it could not be run, or that the connection broke; with a
// command that does not start, the code is that of a shell. The command is part
// of the request's URL, which servers log: what is secret must reach it through
// Streams.In.
func Exec(ctx context.Context, c *Client, at Replica, command []string, s Streams) (int, error) {
	s = s.complete()
	err := c.stream(ctx, at.Pod, "exec", s, &corev1.PodExecOptions{
		Container: at.Container, Command: command,
		Stdin: s.In != nil, Stdout: true, Stderr: !s.TTY, TTY: s.TTY,
	})
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		return exit.Code, nil
	}
	return c.notRun(ctx, at, command, err)
}

// stream connects the streams with a subresource of a pod, by WebSocket, or by
// SPDY where a server or a proxy does not let that through.
func (c *Client) stream(ctx context.Context, pod *corev1.Pod, what string, s Streams, options runtime.Object) error {
	at := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).
		SubResource(what).VersionedParams(options, scheme.ParameterCodec).URL()
	config := c.RESTConfig()
	first, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, at.String())
	if err != nil {
		return err
	}
	second, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, at)
	if err != nil {
		return err
	}
	executor, err := remotecommand.NewFallbackExecutor(first, second, noWebSocket)
	if err != nil {
		return err
	}
	return executor.StreamWithContext(ctx, s.remote())
}

// noWebSocket reports whether the connection was not made, so that nothing has
// run yet.
func noWebSocket(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

// complete gives every output a taker; that of a terminal is one.
func (s Streams) complete() Streams {
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	if s.TTY {
		s.Err = nil
	}
	return s
}

func (s Streams) remote() remotecommand.StreamOptions {
	o := remotecommand.StreamOptions{Stdin: s.In, Stdout: s.Out, Stderr: s.Err, Tty: s.TTY}
	if s.Sizes != nil {
		o.TerminalSizeQueue = sizeQueue(s.Sizes)
	}
	return o
}

// sizeQueue is a terminal's sizes in client-go's form.
type sizeQueue func() (width, height uint16, ok bool)

// Next waits for the next size; nil ends it.
func (q sizeQueue) Next() *remotecommand.TerminalSize {
	width, height, ok := q()
	if !ok {
		return nil
	}
	return &remotecommand.TerminalSize{Width: width, Height: height}
}

// notRun explains why a command did not run, or not to its end.
func (c *Client) notRun(ctx context.Context, at Replica, command []string, err error) (int, error) {
	if err == nil || ctx.Err() != nil {
		return 0, c.explain(ctx, err)
	}
	if code, err := notStarted(at, command, err.Error()); code != ExitUnknown {
		return code, err
	}
	return 0, c.explainStream(ctx, at, err)
}

// notStarted explains the runtime's words for a command that does not start. It
// names the program alone: its arguments may be secret.
func notStarted(at Replica, command []string, words string) (int, error) {
	code, why := ExitUnknown, oneLine(words)
	switch {
	case strings.Contains(words, "executable file not found"), strings.Contains(words, "no such file or directory"):
		code, why = ExitNotFound, "the image has no such program"
	case strings.Contains(words, "permission denied"):
		code, why = ExitNotExecutable, "it is not executable for the container's user"
	}
	hint := fmt.Sprintf("`gantry compose exec %s sh` looks around, where the image has a shell", at.owner())
	if command[0] == shell {
		hint = "the image has no shell: without -e, -w and -d, exec needs none"
	}
	return code, fail(diag.ExecNotStarted, hint, "%s: %q cannot be started: %s", at.Label(), command[0], why)
}

// explainStream explains why a stream to a pod broke or was not made. The URL,
// which holds the command, is no part of it.
func (c *Client) explainStream(ctx context.Context, at Replica, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "simulated node"):
		return fail(diag.ExecNoContainer, "real containers: `gantry local up --nodes containers` (Linux, as root)",
			"%s is on a simulated node, where no container runs", at.Label())
	case strings.Contains(text, "container not found"):
		return fail(diag.ServiceUnknown, "`gantry compose ps -a` shows its state", "%s: the container does not run", at.Label())
	}
	var request *url.Error
	if errors.As(err, &request) && networkReason(err) == "" {
		err = request.Err
	}
	return c.explain(ctx, err)
}
