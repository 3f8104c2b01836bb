package render

import "testing"

func TestClaimsThatNameNothing(t *testing.T) {
	for name, claims := range map[string]string{
		"a path that is not mounted":     `{/elsewhere: data}`,
		"a volume that is not declared":  `{/var/lib/mysql: other}`,
		"the folder of the machine":      `{./data: data}`,
		"a path where a volume is":       `{/named: data}`,
		"a list in place of the mapping": `[/var/lib/mysql]`,
	} {
		t.Run(name, func(t *testing.T) {
			r := renderText(t, "services:\n  db: {image: x, volumes: ['./data:/var/lib/mysql', 'data:/named'], x-gantry: {allow: [GTY343], claims: "+claims+"}}\nvolumes: {data: {}}", nil, nil)
			r.expectErrors("GTY361")
		})
	}
}

// The binds of jobs and what hooks inherit become the same claim.
func TestClaimsReachJobsAndHooks(t *testing.T) {
	r := renderText(t, `
services:
  db:
    image: x
    volumes: ["./data:/data"]
    x-gantry: {claims: {/data: data}}
    pre_start: [{command: [init]}]
jobs:
  dump:
    image: x
    volumes: ["./data:/data:ro"]
    triggers: {manual: true}
    x-gantry: {claims: {/data: data}}
volumes: {data: {}}`, nil, nil)
	r.expectErrors("")
	const claim = `{"claimName":"shop-data"}`
	r.expect("Deployment", "db", pod+"volumes.0.persistentVolumeClaim", claim)
	r.expect("Job", "db-pre-start-1", pod+"volumes.0.persistentVolumeClaim", claim)
	r.expect("CronJob", "dump", "spec.jobTemplate."+pod+"volumes.0.persistentVolumeClaim", claim)
	r.expect("CronJob", "dump", "spec.jobTemplate."+pod+"containers.0.volumeMounts.0.readOnly", "true")
}
