package render

// checkNames reports names that become equal once they are made fit for
// Kubernetes, and those that had to be changed.
func (r *rendering) checkNames() {}

// projectObjects adds the objects of the project itself: claims, config maps
// and secrets of the top level.
func (r *rendering) projectObjects() {}
