package render

// environmentRows holds the rows of environment and env_file, and ecs-params secrets.
func environmentRows() []Attribute { return nil }
