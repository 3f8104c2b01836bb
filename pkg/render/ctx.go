package render

// Ctx is the state of rendering one service. (under construction)
type Ctx struct{}
