package supervise

// ignoreTerm does nothing: there is no request to end, only the end.
func ignoreTerm() {}
