package render

// clientRows holds the rows of what gantry's verbs and the loader do: build, develop, profiles, extends.
func clientRows() []Attribute { return nil }
