// Command shop-api is the API of the example shop.
//
//	shop-api serve     answers on :8000
//	shop-api migrate   makes the tables
//	shop-api report    prints what the shop has
//	shop-api health    asks the running server whether it is well
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const address = ":8000"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop-api:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "health" {
		return askHealth(ctx)
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	switch {
	case len(args) == 1 && args[0] == "serve":
		return serve(ctx, store)
	case len(args) == 1 && args[0] == "migrate":
		return store.migrate(ctx)
	case len(args) == 1 && args[0] == "report":
		return store.report(ctx, os.Stdout)
	}
	return errors.New("want one of serve, migrate, report, health")
}

// serve answers until ctx ends; then it finishes what it has begun.
func serve(ctx context.Context, store *store) error {
	server := &http.Server{Addr: address, Handler: routes(store, newCounter(os.Getenv("CACHE"))), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), 4*time.Second)
		defer cancel()
		_ = server.Shutdown(rest)
	}()
	fmt.Println("shop-api: listening on", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func askHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
