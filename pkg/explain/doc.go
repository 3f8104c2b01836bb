// Package explain owns what `gantry explain` knows: which attribute of a Compose
// file, key of ecs-params or key of x-gantry a user's words name, what there is
// to say of it, what lies below it, and what the attribute of a given project
// became on Kubernetes.
//
// What it says is read from the table that the renderer runs on, from the schema
// of the Compose Specification and from the keys of package params. What an
// attribute became is not read but found: the project is rendered with and
// without it, and the difference of the two is the answer.
package explain
