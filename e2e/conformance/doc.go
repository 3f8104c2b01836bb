// Package conformance owns the behavioural conformance suite: what a container
// of a Compose application observes on a cluster, against what it would observe
// under Docker.
//
// Each folder of testdata is a scenario: a docker-compose.yml that gantry
// deploys as a user would, and an observe.yaml that says, behaviour by
// behaviour, what Docker does and what must be observed. The containers run
// cmd/probe, which tells its world as JSON; kernel namespaces and control groups
// are the ground truth. The result is docs/conformance.md.
//
// observe.yaml, by example:
//
//	title: Processes
//	behaviours:
//	- behaviour: What the page calls it
//	  attribute: the Compose attribute
//	  docker: what Docker does
//	  source: the page of Docker's documentation that says so
//	  when:                                  # what is done before, see Step
//	  - gantry: [stop, web]
//	  observe:                               # all of it must be seen, see Observation
//	  - in: web                              # the report of a container of service web
//	    see:
//	      cwd: /srv                          # a path into the JSON, and its value
//	      argv 1: {matches: "^x"}            # or one or several checks, see Check
//	  differs:                               # a known difference: observe must fail, this must hold
//	    why: the reason
//	    observe: []
package conformance
