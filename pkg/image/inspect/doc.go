// Package inspect reads what images say of themselves: their configuration,
// and the users and groups that they know, from a registry, an archive of
// `docker save`, or an OCI layout (a directory or a tar file).
//
// Layers are streamed and only where a name needs /etc/passwd or /etc/group;
// no image is ever in memory. This is the only package that talks to
// registries.
package inspect
