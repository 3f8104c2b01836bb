// Package apps owns the real applications of the end-to-end tests: what stands
// in examples/ is deployed into real containers, and looked at from outside as
// its users would.
//
// The images of others that the examples name are made here from Debian's
// packages: images/NAME has a Dockerfile and what the official image promises.
// They are kept as archives in $GANTRY_E2E_CACHE (without it in gantry-e2e of
// the user's cache folder), which may be lost: each is made anew when it is
// missing or its folder has changed.
package apps
