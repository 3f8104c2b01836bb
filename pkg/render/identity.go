package render

// identityRows holds the rows of hostname, domainname, platform, runtime.
func identityRows() []Attribute { return nil }
