// Package pki owns the credentials of a local cluster: its certificate
// authorities, the certificates of its servers and users, the service account
// key, and the kubeconfig files made of them. It imports state and client-go's
// kubeconfig types.
package pki
