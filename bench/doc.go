// Package bench measures gantry beside its peers: whole processes, in turns,
// in one run, so that a busy machine slows all of them alike. The programs in
// cmd/ use it:
//
//	go run ./bench/cmd/render   compose convert, a kustomization, process start
//	go run ./bench/cmd/apply    up, ps and down against a cluster
//
// Peers (kompose, kubectl, kapp) are taken from PATH; the tables say which are
// missing. Inputs are made by bench/input.
//
// It may import the standard library only.
package bench
