// Package e2e owns the scenarios that run gantry as a user does, against a real
// API server of gantry-local.
//
// Each scenario is a script in testdata: testdata/simulated runs on simulated
// nodes, testdata/containers in real containers. hack/with-cluster starts the
// cluster and tells the tests where it is; without one they are skipped.
package e2e
