package apps

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// browser speaks to an application at one address, whatever host it is asked
// for, and keeps its cookies.
type browser struct {
	http.Client
	host string
}

// browse returns a browser that reaches host at the address of a service. Each
// request makes a connection of its own, to find its way through the Service anew.
func (a *app) browse(service, host string) *browser {
	a.Helper()
	address := a.address(service)
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.Fatal(err)
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &browser{http.Client{Jar: jar, Timeout: 60 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}, host}
}

// get returns a page that is answered with 200.
func (b *browser) get(path string) (string, error) {
	return b.send(http.MethodGet, path, "", "", nil)
}

// post sends a form.
func (b *browser) post(path string, form url.Values) (string, error) {
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode(), nil)
}

func (b *browser) send(method, path, kind, body string, header http.Header) (string, error) {
	request, err := http.NewRequest(method, "http://"+b.host+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if header != nil {
		request.Header = header
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := b.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s\n%s", method, path, response.Status, text)
	}
	return string(text), err
}

// shows returns an error unless a page has a text.
func (b *browser) shows(path, text string) error {
	page, err := b.get(path)
	if err == nil && !strings.Contains(page, text) {
		err = fmt.Errorf("%s has no %q:\n%s", path, text, page)
	}
	return err
}
