// Package chaos owns the proof that gantry keeps its promises when all goes
// wrong: random Compose projects are deployed, changed, scaled and removed
// through a proxy that breaks what the API server says, the command is killed
// at random moments, and random neighbours share the namespace. Afterwards a
// judge of its own lists the cluster and compares it with what
// `gantry compose convert` gives, applied undisturbed to a second namespace.
//
// hack/with-cluster starts the cluster; without one the tests are skipped.
// GANTRY_CHAOS_RUNS is the number of runs of each test (a few by default, 200
// in `make chaos`), GANTRY_CHAOS_SEED the first seed, GANTRY_CHAOS_WORKERS how
// many go on side by side. Every run is a function of its seed, but for the
// order in which concurrent requests reach the proxy.
package chaos
