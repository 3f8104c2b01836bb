package render

// lifecycleRows holds the rows of restart, stop_grace_period, stop_signal, hooks.
func lifecycleRows() []Attribute { return nil }
