// Package transfer owns files as tar streams: what cp and watch send to a
// container and take from one. It knows nothing of clusters, and what it unpacks
// never leaves the folder that it was told, whatever the stream says.
package transfer
