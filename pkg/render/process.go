package render

// processRows holds the rows of the process: image, command, entrypoint, working_dir, tty, stdin_open, init, pull_policy.
func processRows() []Attribute { return nil }
