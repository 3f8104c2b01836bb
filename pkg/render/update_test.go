package render

// UpdateGoldens tells the tests outside of the package that -update is given.
func UpdateGoldens() bool { return *update }
