package render

// securityRows holds the rows of user, capabilities, privileged, read_only, sysctls, security_opt.
func securityRows() []Attribute { return nil }
