package cli

// elsewhere is a verb of docker compose that gantry does not have, with what
// does its work.
type elsewhere struct{ verb, instead string }

// verbsElsewhere lists them, so that a user who types one is not left with a
// guess at a similar name.
func verbsElsewhere() []elsewhere {
	return []elsewhere{
		{"attach", "`gantry compose logs -f SERVICE` shows the output"},
		{"export", "`gantry compose cp SERVICE:/ -` writes the files of a container as a tar stream"},
		{"kill", "`gantry compose stop` and `gantry compose restart` end containers"},
		{"pause", "`gantry compose stop` ends the containers and keeps everything else"},
		{"pull", "the cluster pulls images itself when it starts a container"},
		{"stats", "`kubectl top pods` shows CPU and memory"},
		{"unpause", "`gantry compose start` starts what was stopped"},
		{"wait", "`gantry compose up` waits for one-shot services"},
		{"watch", "`gantry compose up` applies a change of the files"},
	}
}

// insteadOf returns what does the work of a docker compose verb; "" for a word
// that is none.
func insteadOf(verb string) string {
	for _, e := range verbsElsewhere() {
		if e.verb == verb {
			return e.instead
		}
	}
	return ""
}
