// Package image owns what images say of themselves (the ports, user,
// healthcheck, volumes, signal and command lines of their configuration) as
// plain values, and the lock file that keeps them, so that rendering needs
// neither a registry nor the image. Reading the images themselves is the work
// of pkg/image/inspect.
package image
