package render

// topLevelRows holds the rows of the top level: name, volumes, networks, configs, secrets, models, include.
func topLevelRows() []Attribute { return nil }
