package inspect

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind is why an image could not be read.
type Kind string

// The kinds of faults.
const (
	BadReference  Kind = "reference"
	NotFound      Kind = "not found"
	Refused       Kind = "refused"
	Unreachable   Kind = "unreachable"
	NoPlatform    Kind = "no platform"
	OtherPlatform Kind = "other platform"
	BadArchive    Kind = "archive"
	Unreadable    Kind = "unreadable"
)

// Fault is why an image could not be read. With OtherPlatform it was read, but
// is made for another platform.
type Fault struct {
	Kind      Kind
	Reference string
	// Message goes on after the name of the image: "is not in its registry".
	Message string
	// Hint says what to do; "" for the kind's own.
	Hint string
	err  error
}

// Error returns the image and what is wrong with it.
func (f *Fault) Error() string { return f.Reference + " " + f.Message }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.err }

// faultOf gives an error of the registry's client its meaning. The end of the
// context stays what it is.
func faultOf(ctx context.Context, reference string, err error) error {
	var f *Fault
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !errors.As(err, &f) {
		f = explain(err)
	}
	out := *f
	out.Reference = reference
	return &out
}

func explain(err error) *Fault {
	var answer *transport.Error
	var dns *net.DNSError
	var op *net.OpError
	var link *url.Error
	switch {
	case errors.As(err, &answer):
		return explainAnswer(answer)
	case isCertificate(err):
		return &Fault{Kind: Unreachable, Message: "is in a registry whose certificate is not trusted: " + short(err), err: err,
			Hint: "add its authority to the system's, or use --insecure"}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &Fault{Kind: Unreachable, Message: fmt.Sprintf("is in a registry that does not exist: no address for %s", dns.Name), err: err}
	case errors.As(err, &op), errors.As(err, &link):
		return &Fault{Kind: Unreachable, Message: "is in a registry that does not answer: " + short(err), err: err}
	default:
		return &Fault{Kind: Unreadable, Message: "cannot be read: " + short(err), err: err}
	}
}

func isCertificate(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid)
}

// explainAnswer reads an answer of the registry. Its text is the server's own;
// the request is left out, since a URL of it can carry a token.
func explainAnswer(e *transport.Error) *Fault {
	said := answerText(e)
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Fault{Kind: Refused, Message: "is not given out by its registry: " + said, err: e}
	case http.StatusNotFound:
		return &Fault{Kind: NotFound, Message: "is not in its registry: " + said, err: e}
	case http.StatusTooManyRequests:
		return &Fault{Kind: Unreachable, Message: "is not given out now: " + said, err: e,
			Hint: "try again later, or log in with `docker login` for a higher limit"}
	case http.StatusBadRequest, http.StatusMethodNotAllowed:
		return &Fault{Kind: Unreadable, Message: "cannot be read: " + said, err: e}
	default:
		return &Fault{Kind: Unreachable, Message: "cannot be had from its registry: " + said, err: e}
	}
}

func answerText(e *transport.Error) string {
	var words []string
	for _, d := range e.Errors {
		word := string(d.Code)
		if d.Message != "" && !strings.EqualFold(d.Message, word) {
			word = strings.TrimPrefix(word+": "+d.Message, ": ")
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		words = []string{fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))}
	}
	return oneLine(strings.Join(words, "; "))
}

// short is the innermost reason of an error, without the URL of a request.
func short(err error) string {
	var link *url.Error
	if errors.As(err, &link) {
		err = link.Err
	}
	return oneLine(err.Error())
}

// oneLine keeps what others wrote to one printable line of bounded length.
func oneLine(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
