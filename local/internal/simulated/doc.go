// Package simulated owns the nodes on which no container runs: the node object,
// the stages that play a kubelet's part for its pods (through kwok's
// controllers), failures on request, and a kubelet API that answers logs and
// exec honestly. It imports component, state and kwok.
package simulated
